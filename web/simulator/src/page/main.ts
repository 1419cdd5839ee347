// Entry point of the simulated WhatsApp Web page: defines the modules and connects to the network.
import { VERSION, boot, defineConnection } from "./connection";
import { installLoader } from "./loader";
import { defineMedia } from "./media";
import { defineMessages } from "./messages";
import { definePeople } from "./people";
import { definePreviews } from "./previews";
import { showScreen } from "./screen";
import { defineSurface } from "./surface";
import { defineVotes } from "./votes";

installLoader(VERSION);
defineConnection();
defineMessages();
defineMedia();
definePeople();
definePreviews();
defineVotes();
defineSurface();
showScreen();
boot();
