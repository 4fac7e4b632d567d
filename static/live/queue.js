// What a person did, kept on this device until the clinic has given its final answer.
//
// A command is stored first and sent afterwards, in order, one at a time. It leaves the store only when the clinic said yes
// or a final no; anything else (no network, a busy server, a lost answer) leads to sending the same command id again,
// which the clinic carries out once. Where the browser refuses to store, `durable` is false and the page says so.

const DATABASE = "groupvisits-live";
const STORE = "commands";
const STORE_TIMEOUT = 3000; // some phones open their database never instead of saying no
const KEEP_OTHERS_FOR = 30 * 24 * 3600 * 1000;
const PAUSES = [500, 1000, 2000, 4000, 8000, 15000];

// crypto.randomUUID is missing on plain http, which a clinic's own network may use.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function inTime(promise) {
  return Promise.race([promise, new Promise((_, reject) => window.setTimeout(() => reject(new Error("store timeout")), STORE_TIMEOUT))]);
}

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

class DeviceStore {
  async open() {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "command_id" });
    this.database = await inTime(asked(request));
    this.database.onversionchange = () => this.database.close();
    return this.all();
  }

  all() {
    return inTime(asked(this.database.transaction(STORE).objectStore(STORE).getAll()));
  }

  put(record) {
    return this.#write((store) => store.put(record));
  }

  remove(record) {
    return this.#write((store) => store.delete(record.command_id));
  }

  #write(change) {
    return inTime(
      new Promise((resolve, reject) => {
        const transaction = this.database.transaction(STORE, "readwrite");
        change(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve();
        transaction.onerror = transaction.onabort = () => reject(transaction.error);
      }),
    );
  }
}

export class CommandQueue {
  // `send(record)` answers {kind: "done", result}, {kind: "refused", error}, {kind: "retry"} or {kind: "hold", error}.
  constructor({ sessionId, owner, send, onChange, onAnswer }) {
    Object.assign(this, { sessionId, owner, send, onChange, onAnswer });
    this.waiting = [];
    this.answered = new Set(); // ids that are done with, whatever the store still says
    this.durable = true;
    this.held = null; // why nothing is sent at the moment although there is a connection (signed out)
    this.store = new DeviceStore();
    this.failures = 0;
    this.timer = null;
    this.busy = false;
    this.opened = this.#open();
  }

  async #open() {
    try {
      const kept = await this.store.open();
      this.#takeUp(kept);
      for (const record of kept) {
        // What another person left on a shared device is never sent in this person's name.
        if (record.owner !== this.owner && record.saved_at < Date.now() - KEEP_OTHERS_FOR) await this.store.remove(record);
      }
    } catch {
      this.durable = false;
    }
    this.onChange();
    this.flush();
  }

  #takeUp(kept) {
    const known = new Set([...this.answered, ...this.waiting.map((record) => record.command_id)]);
    const mine = kept.filter((record) => record.session_id === this.sessionId && record.owner === this.owner && !known.has(record.command_id));
    this.waiting = [...mine, ...this.waiting].sort((a, b) => a.order - b.order);
    return mine.length > 0;
  }

  // Another page of this person's may have kept something here and been closed before it could send it. If that page is
  // still there, both send it: the same command id is carried out once.
  async #lookAgain() {
    if (!this.durable) return;
    try {
      await this.opened;
      if (!this.#takeUp(await this.store.all())) return;
    } catch {
      return; // what this page keeps itself is in `waiting`
    }
    this.onChange();
    this.flush();
  }

  // `about` stays on the device: what the page needs to show the waiting thing (a topic's words).
  async add(name, body, about = {}) {
    await this.opened;
    const order = 1 + Math.max(0, ...this.waiting.map((record) => record.order));
    const record = { command_id: newId(), session_id: this.sessionId, owner: this.owner, name, body, about, order, saved_at: Date.now() };
    this.waiting.push(record);
    await this.#keep(record);
    this.onChange();
    this.flush();
    return record;
  }

  async #keep(record) {
    if (!this.durable) return;
    try {
      await this.store.put(record);
    } catch {
      this.durable = false; // full or forbidden: from now on only this page remembers, and it says so
    }
  }

  async #forget(record) {
    this.answered.add(record.command_id);
    this.waiting = this.waiting.filter((other) => other !== record);
    if (!this.durable) return;
    try {
      await this.store.remove(record);
    } catch {
      // It will be sent once more after a reload and answered with the stored result.
    }
  }

  // Send now what waits; called when something was added, when the connection is back and by "Try now".
  flush({ again = false } = {}) {
    if (again) {
      this.held = null;
      this.failures = 0;
      this.#lookAgain();
    }
    window.clearTimeout(this.timer);
    if (!this.busy) this.#run();
  }

  async #run() {
    this.busy = true;
    try {
      while (this.waiting.length && !this.held) {
        const record = this.waiting[0];
        const answer = await this.send(record);
        if (answer.kind === "retry") {
          this.#tryLater();
          return;
        }
        if (answer.kind === "hold") {
          this.held = answer.error;
          this.onChange();
          return;
        }
        this.failures = 0;
        await this.#forget(record);
        this.onAnswer(record, answer);
        this.onChange();
      }
    } finally {
      this.busy = false;
    }
  }

  #tryLater() {
    const pause = PAUSES[Math.min(this.failures, PAUSES.length - 1)];
    this.failures += 1;
    this.timer = window.setTimeout(() => this.flush(), pause);
    this.onChange();
  }
}
