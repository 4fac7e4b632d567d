// A room as this browser knows it: the clinic's state by snapshot and deltas, and this person's commands on their way.
//
// Subscribe first, then fetch the snapshot, so that nothing falls between the two. A delta is applied only if it follows
// exactly on what is known; any gap leads to a new snapshot. Silence, waking up and coming back to the page lead to a fetch;
// without a socket the page asks every ten seconds. Sockets are websockets only: our server refuses connections without an
// origin, and a browser's first polling request has none.
//
//   const room = new Room(data);            data: the page's JSON block (session_id, audience, language, snapshot, …)
//   room.on("state", (change) => …);        after every snapshot or delta
//   room.on("queue", …)  room.on("answer", ({record, ok, result, error}) => …)
//   room.on("heard", …)  room.on("online", (yes) => …)  room.on("ended", (status) => …)
//   room.start();  room.do("agenda:support", {topic_id, on: true}, {words});

import { CommandQueue } from "./queue.js";

const ACK_TIMEOUT = 5000;
const FETCH_TIMEOUT = 8000;
const SILENCE = 25000;
const POLL = 10000;
const RETRY_WHEN_OFFLINE = 5000;
const CATCH_UP = 800; // an own command's delta normally overtakes this
const TRY_AGAIN = new Set(["busy", "too_fast"]);
const LISTS = ["topics", "slots", "people", "guests", "alarms"];
const WHOLE = ["guests", "alarms"]; // told whole: what is missing has ended

export class Room {
  constructor({ session_id, audience, language, owner, snapshot }) {
    Object.assign(this, { sessionId: session_id, audience, language, owner });
    this.listeners = {};
    this.connected = true; // as far as we know; the first failure says otherwise
    this.subscribed = false;
    this.fetching = null;
    this.fetchAgain = false;
    this.early = []; // what came while a snapshot was on its way
    this.ended = null;
    this.lastTry = this.lostAt = -Infinity;
    if (snapshot) this.#take(snapshot);
    this.queue = new CommandQueue({
      sessionId: session_id,
      owner,
      send: (record) => this.#send(record),
      onChange: () => this.#tell("queue"),
      onAnswer: (record, answer) => this.#answered(record, answer),
    });
  }

  on(name, listener) {
    (this.listeners[name] ||= []).push(listener);
  }

  #tell(name, value) {
    for (const listener of this.listeners[name] || []) listener(value);
  }

  start() {
    this.#openSocket();
    window.setInterval(() => this.#watch(), 1000);
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.wake());
    window.addEventListener("pageshow", () => this.wake());
    window.addEventListener("online", () => this.wake());
    window.addEventListener("offline", () => {
      this.lostAt = performance.now();
      this.#setConnected(false);
    });
    this.fetch();
  }

  // Everything there is to do after sleep, or when somebody presses "Try now".
  wake() {
    this.#reconnect();
    this.fetch();
    this.queue.flush({ again: true });
  }

  // Only a socket that has given up. One that is on its way would send its greeting twice, and the server ends it for that.
  #reconnect() {
    if (this.socket && !this.socket.active) this.socket.connect();
  }

  // Keep a command and send it as soon as possible; resolves when it is kept.
  do(name, body, about) {
    return this.queue.add(name, body, about);
  }

  // ---- time ----

  // The clinic's clock: its last word plus what this browser's steady clock counted since.
  now() {
    return new Date(this.serverNow + (performance.now() - this.serverNowAt));
  }

  // Seconds since the clinic was heard. A sleeping phone may stop its steady clock, so the wall clock counts too.
  age() {
    const steady = performance.now() - this.heardAt;
    return Math.max(0, Math.round(Math.max(steady, Date.now() - this.heardAtWall) / 1000));
  }

  #setClock(iso) {
    this.serverNow = new Date(iso).getTime();
    this.serverNowAt = performance.now();
  }

  // An answer to a question from before the network went away says nothing about now.
  #heard(askedAt = Infinity) {
    this.heardAt = performance.now();
    this.heardAtWall = Date.now();
    if (askedAt > this.lostAt) this.#setConnected(true);
    this.#tell("heard");
  }

  #setConnected(yes) {
    if (this.connected === yes) return;
    this.connected = yes;
    this.#tell("online", yes);
    if (yes) this.queue.flush({ again: true });
  }

  // ---- state ----

  #take(snapshot) {
    this.epoch = snapshot.epoch;
    this.version = this.meVersion = this.wholeMeVersion = snapshot.version;
    this.run = snapshot.run;
    this.account = snapshot.account || null;
    this.talk = snapshot.talk || null;
    this.me = snapshot.me || null;
    for (const list of LISTS) this[list] = byId(snapshot[list] || []);
    this.#setClock(snapshot.server_now);
    this.heardAt = performance.now();
    this.heardAtWall = Date.now();
  }

  #apply(delta) {
    this.version = delta.version;
    if (delta.run) this.#applyRun(delta);
    if (delta.account) this.account = delta.account;
    if (delta.talk) this.talk = delta.talk;
    for (const list of LISTS) {
      for (const [id, item] of byId(delta[list] || [])) this[list].set(id, item);
    }
    for (const list of WHOLE) {
      if (delta[list]) this[list] = byId(delta[list]);
    }
    this.#heard();
    this.#tell("state", delta);
  }

  // What this person answered belongs to the question it was given to; it is told with the whole of their part only.
  #applyRun({ version, run }) {
    if (this.me && version > this.wholeMeVersion && run.poll?.id !== this.run.poll?.id) this.me = { ...this.me, poll_answer: null };
    this.run = { ...this.run, ...run };
  }

  // The whole of it, or only what some topics change in it.
  #applyMe({ version, me, changes }) {
    if (version < this.meVersion) {
      if (version > this.wholeMeVersion) this.fetch(); // overtaken: what came before it changed other topics, perhaps
      return;
    }
    this.meVersion = version;
    if (me) this.wholeMeVersion = version;
    this.me = me || changedMe(this.me, changes);
  }

  #changed(delta) {
    const known = delta.epoch === this.epoch;
    if (known && delta.version < this.version) return;
    // Who has a live phone is told without a version of its own (since == version); everything else counts one up.
    if (known && delta.version === this.version && delta.since !== delta.version) return;
    if (known && delta.since === this.version && !delta.snapshot) this.#apply(delta);
    else if (this.fetching) this.early.push(() => this.#changed(delta));
    else this.fetch();
  }

  #mine(message) {
    if (this.fetching) {
      this.early.push(() => this.#mine(message)); // else the snapshot on its way could take back what it says
      return;
    }
    if (message.epoch !== this.epoch) {
      this.fetch();
      return;
    }
    this.#applyMe(message);
    this.#heard();
    this.#tell("state", message);
  }

  #ticked({ epoch, version, server_now }) {
    this.#setClock(server_now);
    this.#heard();
    if (epoch !== this.epoch || version > this.version) this.fetch();
  }

  // ---- snapshot ----

  // Fetch the whole state. A call during a fetch leads to one more fetch after it: the answer on its way may be older.
  fetch() {
    if (this.ended) return;
    if (this.fetching) {
      this.fetchAgain = true;
      return;
    }
    this.lastTry = performance.now();
    this.fetching = this.#fetchOnce().finally(() => {
      this.fetching = null;
      const early = this.early;
      this.early = [];
      for (const hear of early) hear();
      if (this.fetchAgain && this.connected) {
        this.fetchAgain = false;
        this.fetch();
      }
    });
  }

  async #fetchOnce() {
    this.fetchAgain = false;
    const askedAt = performance.now();
    let answer;
    try {
      answer = await request(`/sessions/${this.sessionId}/snapshot?audience=${this.audience}`, { headers: { "X-Background": "1" } });
    } catch {
      this.#setConnected(false);
      return;
    }
    if ([401, 403, 404].includes(answer.status)) {
      this.#end(answer.status);
    } else if (answer.status === 200 && answer.body && answer.body.epoch) {
      // An answer that was slow may be older than what deltas have told meanwhile.
      if (answer.body.epoch !== this.epoch || answer.body.version >= (this.version ?? 0)) this.#take(answer.body);
      this.#heard(askedAt);
      this.#tell("state", answer.body);
    } else {
      this.#setConnected(false); // a busy server, or a hotel's page instead of ours
    }
  }

  // Somebody else came in with this browser, in another tab. What stands or waits here was not said by them, and must not
  // be sent in their name. A wall says nothing: whoever may look at it may go on.
  #isOthers(owner) {
    if (owner === this.owner || this.audience === "display") return false;
    this.#end(401);
    return true;
  }

  #end(status) {
    this.ended = status;
    if (this.socket) this.socket.disconnect();
    this.#tell("ended", status);
  }

  #watch() {
    const sinceTry = performance.now() - this.lastTry;
    const silent = performance.now() - this.heardAt > SILENCE && sinceTry > SILENCE / 2;
    const alone = !this.subscribed && sinceTry > (this.connected ? POLL : RETRY_WHEN_OFFLINE);
    if (silent || alone) {
      this.#reconnect();
      this.fetch();
    }
  }

  // ---- socket ----

  #openSocket() {
    if (typeof window.io !== "function") return;
    this.socket = window.io({ transports: ["websocket"], auth: { language: this.language }, reconnectionDelayMax: 5000, timeout: FETCH_TIMEOUT });
    this.socket.on("connect", () => this.#subscribe());
    this.socket.on("disconnect", () => {
      this.subscribed = false;
      this.fetch();
    });
    this.socket.on("session:changed", (delta) => this.#changed(delta));
    this.socket.on("session:mine", (message) => this.#mine(message));
    this.socket.on("session:tick", (tick) => this.#ticked(tick));
  }

  async #subscribe() {
    try {
      const answer = await this.socket.timeout(ACK_TIMEOUT).emitWithAck("live:subscribe", { session_id: this.sessionId, audience: this.audience });
      if (answer.ok && this.#isOthers(answer.result.owner)) return;
      this.subscribed = answer.ok === true;
    } catch {
      this.subscribed = false;
    }
    this.fetch();
    this.queue.flush({ again: true });
  }

  // ---- commands ----

  async #send(record) {
    if (this.ended) return { kind: "hold", error: { code: "sign_in_needed" } };
    if (this.subscribed && this.socket.connected) {
      try {
        const answer = await this.socket
          .timeout(ACK_TIMEOUT)
          .emitWithAck(record.name, { command_id: record.command_id, session_id: record.session_id, body: record.body });
        return judged(answer);
      } catch {
        // No acknowledgement: perhaps carried out, perhaps not. The same id by the other door is the same command.
      }
    }
    return this.#post(record);
  }

  async #post(record, { mayRenew = true } = {}) {
    let answer;
    try {
      answer = await request(`/sessions/${record.session_id}/commands/${record.name}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
        body: JSON.stringify({ command_id: record.command_id, body: record.body }),
      });
    } catch {
      this.#setConnected(false);
      return { kind: "retry" };
    }
    if (answer.status >= 500 || answer.status === 429 || !answer.body || typeof answer.body.ok !== "boolean") return { kind: "retry" };
    if (answer.body.error?.code === "csrf") {
      return mayRenew && (await this.#renewToken()) ? this.#post(record, { mayRenew: false }) : { kind: "hold", error: answer.body.error };
    }
    return judged(answer.body);
  }

  // The token ends with the browser session; whoever signed in again in another tab has a new one.
  async #renewToken() {
    try {
      const response = await window.fetch(window.location.href, { credentials: "same-origin", cache: "no-store", headers: { "X-Background": "1" } });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = tokenElement(page);
      if (!fresh || this.#isOthers(fresh.dataset.owner) || fresh.content === csrfToken()) return false;
      tokenElement().content = fresh.content;
      return true;
    } catch {
      return false;
    }
  }

  #answered(record, answer) {
    const ok = answer.kind === "done";
    this.#tell("answer", { record, ok, result: answer.result, error: answer.error });
    if (!ok || (answer.result?.version ?? 0) <= this.version) return;
    window.setTimeout(() => answer.result.version > this.version && this.fetch(), CATCH_UP);
  }
}

function byId(items) {
  return new Map(items.map((item) => [item.id || item.seat_id, item]));
}

function changedMe(me, changes) {
  const topics = byId([...me.topics, ...changes.topics]);
  const supported = new Set(me.supported);
  for (const { id, on } of changes.supported) supported[on ? "add" : "delete"](id);
  const told = new Set(changes.supported.map(({ id }) => id));
  const translated = [...me.translated.filter((each) => !told.has(each.topic_id)), ...changes.translated];
  return { ...me, ...changes, topics: [...topics.values()], supported: [...supported], translated };
}

function judged(answer) {
  if (answer.ok) return { kind: "done", result: answer.result };
  const error = answer.error || {};
  if (TRY_AGAIN.has(error.code)) return { kind: "retry" };
  return { kind: error.code === "sign_in_needed" ? "hold" : "refused", error };
}

async function request(address, { headers = {}, ...rest } = {}) {
  const stop = new AbortController();
  const timer = window.setTimeout(() => stop.abort(), FETCH_TIMEOUT);
  try {
    const response = await window.fetch(address, {
      ...rest,
      headers: { Accept: "application/json", ...headers },
      credentials: "same-origin",
      cache: "no-store",
      signal: stop.signal,
    });
    const isJson = (response.headers.get("Content-Type") || "").includes("json");
    return { status: response.status, body: isJson ? await response.json() : null };
  } finally {
    window.clearTimeout(timer);
  }
}

function tokenElement(page = document) {
  return page.querySelector('meta[name="csrf-token"]');
}

function csrfToken() {
  return tokenElement()?.content || "";
}
