// The peer in memory: socket.io on Node, the same events on the wire, no check, no storage.
//   node node.js PORT MODULES

const { createServer } = require("node:http");
const { randomUUID } = require("node:crypto");
const { createRequire } = require("node:module");

const [port, modules] = process.argv.slice(2);
const { Server } = createRequire(`${modules}/`)("socket.io");
const http = createServer((request, response) => {
  const session = sessionOf(new URL(request.url, "http://x").pathname.split("/")[2]);
  const topics = [...session.topics.values()].map((topic) => pick(topic, PATIENT));
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ epoch: session.epoch, version: session.version, topics }));
});
const io = new Server(http, { transports: ["websocket"], pingInterval: 10000, pingTimeout: 8000, maxHttpBufferSize: 16 * 1024 });
const PATIENT = ["id", "words", "language", "state", "rank", "version", "translations", "supports", "merged_into_id", "author"];
const CONSOLE = [...PATIENT, "route", "author_seat_id", "minutes", "proposed_at", "outcome", "not_heard_yet", "carried", "reason", "hidden_because", "rev", "changed_by", "changed_at"];
const MINE = ["id", "words", "route", "state", "outcome", "planned_at", "reason", "can_reword"];
const sessions = new Map();

function sessionOf(id) {
  if (!sessions.has(id)) sessions.set(id, { epoch: randomUUID(), version: 0, topics: new Map(), supports: new Map() });
  return sessions.get(id);
}

const pick = (topic, fields) => Object.fromEntries(fields.map((field) => [field, topic[field] ?? null]));

function tell(id, session, topic, proposed, actor) {
  const since = session.version - 1;
  const head = { epoch: session.epoch, version: session.version };
  io.to(`${id}:patient`).emit("session:changed", { ...head, topics: [pick(topic, PATIENT)], since });
  const account = proposed ? { account: { sent: session.topics.size, accounted_for: session.topics.size, one_on_one: 0 } } : {};
  io.to(`${id}:facilitator`).emit("session:changed", { ...head, ...account, topics: [pick(topic, CONSOLE)], since });
  io.to(`${id}:display`).emit("session:changed", { ...head, topics: [], since });
  for (const person of new Set([topic.from, actor])) {
    const on = session.supports.get(topic.id).has(person);
    const topics = person === topic.from ? [pick(topic, MINE)] : [];
    io.to(person).emit("session:mine", { ...head, changes: { topics, supported: [{ id: topic.id, on }], supports_left: null } });
  }
}

io.on("connection", (socket) => {
  socket.on("live:subscribe", ({ session_id, audience }, done) => {
    for (const room of socket.rooms) if (room !== socket.id) socket.leave(room);
    socket.join(`${session_id}:${audience}`);
    const { epoch, version } = sessionOf(session_id);
    done({ ok: true, result: { epoch, version, audience } });
  });
  socket.on("agenda:propose", ({ session_id, body }, done) => {
    const session = sessionOf(session_id);
    const version = (session.version += 1);
    const at = new Date().toISOString();
    const topic = { id: randomUUID(), words: body.words, language: "en", state: "new", version, supports: 0, route: body.route, proposed_at: at, changed_at: at, translations: [], from: socket.id };
    session.topics.set(topic.id, topic);
    session.supports.set(topic.id, new Set());
    tell(session_id, session, topic, true, socket.id);
    done({ ok: true, result: { version, topic_id: topic.id } });
  });
  socket.on("agenda:support", ({ session_id, body }, done) => {
    const session = sessionOf(session_id);
    const topic = session.topics.get(body.topic_id);
    const supporters = session.supports.get(topic.id);
    topic.version = session.version += 1;
    supporters[body.on ? "add" : "delete"](socket.id);
    topic.supports = supporters.size;
    tell(session_id, session, topic, false, socket.id);
    done({ ok: true, result: { version: session.version, topic_id: topic.id } });
  });
});

http.listen(Number(port), "127.0.0.1", 1024); // as many wait to be taken in as with ours
