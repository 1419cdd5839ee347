// The words of the overview.
import { count, number } from "../language";
import type { Words } from "../pack";

export default {
  title: "ओवरव्यू",
  range: "समय-सीमा",
  ranges: { 15: "15 मिनट", 60: "1 घंटा", 360: "6 घंटे", 1440: "24 घंटे" },
  note: (minutes) =>
    "गेटवे के अपने आँकड़ों से, जो उसके शुरू होने से मेमोरी में हैं: "
    + `हर ${minutes <= 60 ? "10 सेकंड" : "मिनट"} में एक नमूना।`,
  since: (span) => `${span} से चल रहा है।`,
  span: (seconds) => {
    if (seconds < 3_600) return `${number.format(Math.floor(seconds / 60))} मिनट`;
    if (seconds < 86_400) return count(Math.floor(seconds / 3_600), "घंटे", "घंटों");
    return count(Math.floor(seconds / 86_400), "दिन", "दिनों");
  },
  in: (words) => `${words} में`,
  tile: {
    sessions: "तैयार सेशन",
    sessionsOf: (ready, all) => `${number.format(all)} में से ${number.format(ready)}`,
    incoming: "आए मैसेज",
    outgoing: "भेजे गए मैसेज",
    delivered: "वेबहुक डिलीवरी",
    waiting: "कतार में मैसेज",
    failures: "विफलताएँ",
  },
  chart: {
    messages: "मैसेज",
    incoming: "आए",
    outgoing: "गए",
    messagesSaid: (incoming, outgoing) =>
      `${number.format(incoming)} आए, ${number.format(outgoing)} गए`,
    deliveries: "वेबहुक डिलीवरी",
    delivered: "डिलीवर हुए",
    attempts: "विफल कोशिशें",
    deliveriesSaid: (delivered, failed) =>
      `${number.format(delivered)} डिलीवर हुए`
      + (failed ? `, ${count(failed, "कोशिश", "कोशिशें")} विफल` : ""),
    waiting: "कतार में मैसेज",
    waitingSession: "सेशन तैयार नहीं",
    waitingTime: "शेड्यूल किए हुए",
    waitingTurn: "कतार में",
    waitingLookup: "नतीजा जाँचा जा रहा है",
    waitingSaid: (now, most) => `अभी ${number.format(now)}, अधिकतम ${number.format(most)}`,
    errors: "विफलताएँ",
    sends: "भेजना",
    requests: "अनुरोध (5xx)",
    errorsSaid: (sends, requests, all) =>
      `${number.format(sends)} बार भेजना विफल, `
      + `${count(all, "अनुरोध", "अनुरोधों")} में से ${number.format(requests)}`,
    memory: "मेमोरी",
    gateway: "गेटवे",
    engines: "इंजन",
    memorySaid: (own, engines) => `गेटवे ${own}, इंजन ${engines}`,
  },
  unwell: "गेटवे को ध्यान की ज़रूरत है",
  checks: {
    database: "डेटाबेस काम नहीं कर रहा।",
    disk: "डिस्क भरती जा रही है।",
    eventLog: "इवेंट लॉग ज़रूरत से बड़ा है।",
    sessions: "कोई सेशन विफल हुआ है या ठीक किया जा रहा है।",
    memory: "मशीन में मेमोरी कम है।",
  },
} satisfies Words["common"]["overview"];
