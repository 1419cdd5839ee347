import "./convert.test";
