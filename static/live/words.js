// Sentences, clock times and days in the page's language.
//
// Every sentence comes translated from the server (templates/live/strings.html) and holds named places like {n};
// no sentence lives in a script. Times are shown in the clinic's zone whatever zone the phone is set to.

// A name written from right to left must not pull the words around it along.
const RIGHT_TO_LEFT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC]/;
const isolated = (value) => (RIGHT_TO_LEFT.test(value) ? `\u2068${value}\u2069` : String(value));

export function wordsOf({ strings, language, zone }) {
  const hours = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const days = new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", day: "numeric", month: "numeric" });
  const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

  function parts(format, moment) {
    return Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
  }

  function say(key, places = {}) {
    const sentence = strings[key];
    if (sentence === undefined) throw new Error(`no sentence called ${key}`);
    return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in places ? isolated(places[name]) : whole));
  }

  return {
    say,

    // "one topic" and "5 topics" are sentences of their own: languages differ in more than an s.
    count(key, n, places = {}) {
      return say(n === 1 ? `${key}_one` : `${key}_many`, { n, ...places });
    },

    // The same as groupvisits.core.language.time: "5:30pm" for readers of English, "17:30" for the others.
    clock(moment) {
      const { hour, minute } = parts(hours, new Date(moment));
      if (language !== "en") return `${hour}:${minute}`;
      return `${Number(hour) % 12 || 12}:${minute}${Number(hour) < 12 ? "am" : "pm"}`;
    },

    day(moment) {
      const { weekday, day, month } = parts(days, new Date(moment));
      return say("day", { weekday: strings.weekdays[WEEKDAYS.indexOf(weekday)], day: Number(day), month: strings.months[Number(month) - 1] });
    },
  };
}

// Whole minutes, rounded up: a minute that has begun is still left.
export function minutesUntil(end, now) {
  return Math.max(0, Math.ceil((new Date(end) - now) / 60000));
}

// Short pieces in one line: each but the last ends like a sentence, whatever a person wrote at its end.
export function inOneLine(pieces) {
  const said = pieces.filter(Boolean);
  return said.map((piece, i) => (i < said.length - 1 && !/[.!?…。؟]$/.test(piece) ? `${piece}.` : piece)).join(" ");
}
