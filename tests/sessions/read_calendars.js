// Reads calendar files with ical.js and with node-ical and prints what each understood, as JSON. For test_calendars.py.
const fs = require("node:fs");
const ICAL = require("ical.js/ical.es5.min.cjs");
const nodeIcal = require("node-ical/node-ical.js");

function byIcalJs(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const events = calendar.getAllSubcomponents("vevent").map((component) => {
    const event = new ICAL.Event(component);
    return {
      uid: event.uid, sequence: event.sequence, summary: event.summary, location: event.location, status: component.getFirstPropertyValue("status"),
      start: event.startDate.toJSDate().toISOString(), end: event.endDate.toJSDate().toISOString(), attendees: event.attendees.map((one) => one.getFirstValue()),
    };
  });
  return { method: calendar.getFirstPropertyValue("method"), events };
}

function byNodeIcal(text) {
  const found = Object.values(nodeIcal.sync.parseICS(text));
  const events = found.filter((one) => one.type === "VEVENT").map((event) => ({
    uid: event.uid, sequence: Number(event.sequence), summary: event.summary, location: event.location, status: event.status,
    start: event.start.toISOString(), end: event.end.toISOString(),
    attendees: [event.attendee].flat().filter(Boolean).map((one) => one.val ?? one),
  }));
  return { method: events.length ? found.find((one) => one.type === "VEVENT").method : null, events };
}

const texts = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map((text) => ({ "ical.js": byIcalJs(text), "node-ical": byNodeIcal(text) }))));
