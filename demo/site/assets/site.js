// What the pages show live: how this server answered, read from the headers of its answers.
// Every page reads well without this script.
"use strict";

const ALWAYS_SHOWN = ["cache-status", "age", "etag", "cache-control"];
const SHOWN_IF_SENT = ["last-modified", "content-type", "content-length", "content-range"];
const LOG_LENGTH = 4;

const FORWARD_REASONS = {
  "uri-miss": "The cache had nothing under this path, so s3proxy asked the bucket",
  miss: "What the cache had may not be used any more, so s3proxy asked the bucket",
  stale: "The stored copy had become stale, so s3proxy asked the bucket",
  bypass: "The cache was passed by, and s3proxy asked the bucket",
};

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/**
 * Ask the server itself, which "no-cache" does even for what the browser has a copy of. Parts are not kept by the
 * browser at all: from parts it knows it makes up headers of its own.
 */
async function ask(method, path, range) {
  const abort = new AbortController();
  const started = performance.now();
  const response = await fetch(path, {
    method,
    cache: range ? "no-store" : "no-cache",
    headers: range ? { range: `bytes=${range}` } : {},
    signal: abort.signal,
  });
  const milliseconds = performance.now() - started;
  return { method, path, range, response, milliseconds, abort, at: performance.now() };
}

/** The last member of a Cache-Status list is the cache nearest to the client (RFC 9211, section 2). */
function readCacheStatus(field) {
  if (!field) return null;
  const member = field.match(/(?:"(?:\\.|[^"\\])*"|[^,"])+/g).at(-1);
  const [cache, ...parameters] = member.match(/(?:"(?:\\.|[^"\\])*"|[^;"])+/g).map((part) => part.trim());
  const read = { cache };
  for (const parameter of parameters) {
    const [name, value = true] = parameter.split(/=(.*)/s);
    read[name] = /^-?\d+$/.test(value) ? Number(value) : value;
  }
  return read;
}

function seconds(count) {
  if (count < 90) return `${count} s`;
  if (count < 5400) return `${Math.floor(count / 60)} min ${String(count % 60).padStart(2, "0")} s`;
  return `${Math.round(count / 3600)} h`;
}

function bytes(count) {
  if (count < 1000) return `${count} bytes`;
  return count < 1e6 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

function number(text) {
  return text === null || text === "" || Number.isNaN(Number(text)) ? null : Number(text);
}

function inWords(status) {
  if (!status) return "This answer has no cache-status, so it did not come from s3proxy. Run make demo to see one that did.";
  if (status.hit) {
    if (status.ttl < 0) return "Answered out of the cache with a stale copy. The bucket was not asked.";
    return "Answered out of the cache. The bucket was not asked.";
  }
  const reason = FORWARD_REASONS[status.fwd] ?? "s3proxy asked the bucket";
  const answer = status["fwd-status"] ? `, which answered ${status["fwd-status"]}` : "";
  if (status.collapsed) return `${reason}${answer}. Several requests shared that one answer.`;
  return `${reason}${answer}. ${status.stored ? "The answer is now stored." : "The answer was not stored."}`;
}

const kindOf = (status) => (status ? (status.hit ? "hit" : "forward") : "none");
const labelOf = (status) => (status ? (status.hit ? "hit" : status.fwd ?? "forward") : "no cache");

/** The panel of the first page. */
class AnswerPanel {
  constructor(panel) {
    this.panel = panel;
    this.road = $(".road");
    this.buttons = $$("button[data-path]");
    this.shown = null;
    for (const button of this.buttons) button.addEventListener("click", () => this.choose(button));
    $("[data-again]", panel).addEventListener("click", () => this.ask(this.question));
    setInterval(() => this.drawLife(), 250);
    this.choose(this.buttons[0], { scroll: false });
  }

  choose(button, { scroll = true } = {}) {
    for (const other of this.buttons) other.setAttribute("aria-pressed", String(other === button));
    const { method, path, range } = button.dataset;
    this.ask({ method, path, range });
    if (scroll) this.bringIntoView();
  }

  bringIntoView() {
    const { top } = this.panel.getBoundingClientRect();
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    if (top < 0 || top > innerHeight / 2) this.panel.scrollIntoView({ behavior, block: "start" });
  }

  async ask(question) {
    this.question = question;
    const again = $("[data-again]", this.panel);
    again.disabled = true;
    try {
      const answer = await ask(question.method, question.path, question.range);
      if (question.range && answer.response.status !== 206) answer.abort.abort(); // a server that knows no ranges sends it all
      if (question === this.question) this.show(answer);
    } catch {
      if (question === this.question) this.fail(question);
    } finally {
      again.disabled = false;
    }
  }

  show(answer) {
    const { method, path, response, milliseconds } = answer;
    const header = (name) => response.headers.get(name);
    const status = readCacheStatus(header("cache-status"));
    this.shown = { at: answer.at, age: number(header("age")), ttl: status?.ttl ?? null };
    if (this.shown.ttl === null) this.shown.ttl = this.lifeLeft(header("cache-control"), response.ok);

    this.title(method, path);
    $(".status", this.panel).textContent = `${response.status} ${response.statusText}`.trim();
    this.tag(kindOf(status), labelOf(status));
    $(".said", this.panel).textContent = inWords(status) + (response.status === 404 && status ? " The bucket has no such object, and that is remembered too." : "");
    $(".took", this.panel).textContent = `Took ${this.time(milliseconds)}`;
    $(".fields", this.panel).replaceChildren(
      ...ALWAYS_SHOWN.map((name) => this.field(name, header(name))),
      ...SHOWN_IF_SENT.filter((name) => header(name) !== null).map((name) => this.field(name, header(name))),
    );
    this.note(`${method} ${path}`, response.status, labelOf(status), this.time(milliseconds));
    this.light(kindOf(status), path);
    this.drawLife();
  }

  fail({ method, path }) {
    this.shown = null;
    this.title(method, path);
    $(".status", this.panel).textContent = "no answer";
    this.tag("none", "no answer");
    $(".said", this.panel).textContent = "The server did not answer. Is make demo still running?";
    this.drawLife();
  }

  /** A forward names no ttl: what max-age allows, less the age. */
  lifeLeft(cacheControl, isOk) {
    const [, limit] = cacheControl?.match(/max-age=(\d+)/) ?? [];
    return isOk && limit !== undefined && this.shown.age !== null ? limit - this.shown.age : null;
  }

  title(method, path) {
    $(".request", this.panel).replaceChildren(element("b", { textContent: method }), ` ${path}`);
  }

  tag(kind, label) {
    Object.assign($(".tag", this.panel), { textContent: label }).dataset.kind = kind;
  }

  field(name, value) {
    const shown = value === null ? element("dd", { className: "absent", textContent: "not sent" }) : element("dd", {}, ...this.breakable(value));
    return element("div", {}, element("dt", { textContent: name }), shown);
  }

  /** Lines break between parameters rather than within one. */
  breakable(value) {
    const parts = value.split(/(?<=;) /);
    return parts.flatMap((part, index) => [...(index ? [" "] : []), element("span", { textContent: part })]);
  }

  time(milliseconds) {
    return milliseconds < 10 ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`;
  }

  note(...columns) {
    const log = $(".log", this.panel);
    log.prepend(element("li", {}, ...columns.map((text) => element("span", { textContent: text }))));
    while (log.children.length > LOG_LENGTH) log.lastChild.remove();
  }

  light(kind, path) {
    const caption = { hit: "The copy in the cache was enough.", forward: "The bucket was asked as well." }[kind];
    delete this.road.dataset.moving;
    this.road.dataset.road = kind;
    void this.road.getBoundingClientRect(); // so that the animation starts anew
    this.road.dataset.moving = "";
    if (caption) {
      const last = element("strong", { textContent: `The last answer, to ${path}:` });
      $("figcaption", this.road).replaceChildren(last, ` ${caption}`);
    }
  }

  /** Age and time to live, carried on from the moment of the answer. */
  drawLife() {
    const life = $(".life", this.panel);
    const { at, age, ttl } = this.shown ?? { ttl: null };
    life.hidden = ttl === null;
    if (life.hidden) return;
    const passed = Math.floor((performance.now() - at) / 1000);
    const left = ttl - passed;
    const whole = (age ?? 0) + ttl;
    const share = age === null || whole <= 0 ? 0 : Math.min(1, (age + passed) / whole);
    life.classList.toggle("is-stale", left <= 0);
    $(".bar span", life).style.transform = `scaleX(${share})`;
    $("[data-age]", life).textContent = age === null ? "age not sent" : `age ${seconds(age + passed)}`;
    $("[data-ttl]", life).textContent = left > 0 ? `fresh for ${seconds(left)}` : "stale now: ask again";
  }
}

/** The gallery: what data/catalogue.json lists. */
async function fillShelf(shelf) {
  try {
    const response = await fetch(shelf.dataset.catalogue);
    if (!response.ok) throw new Error(String(response.status));
    const { images } = await response.json();
    shelf.replaceChildren(...images.map(pictureOf));
  } catch {
    $("[data-shelf-note]").textContent = "The catalogue could not be read; the picture above is part of the page itself.";
  }
}

function pictureOf({ src, title, text, alt, width, height, bytes: size, type }) {
  const facts = element("span", { textContent: `${type}, ${bytes(size)}` });
  const image = element("img", { src, alt, width, height });
  const age = element("span");
  image.addEventListener("load", () => tellAge(src, age), { once: true });
  const caption = element("figcaption", {}, element("strong", { textContent: title }), text, facts, age);
  return element("li", {}, element("figure", {}, element("a", { href: src }, image), caption));
}

async function tellAge(src, place) {
  try {
    const { response } = await ask("HEAD", src);
    const age = number(response.headers.get("age"));
    if (response.headers.has("cache-status") && age !== null) place.textContent = `In the cache for ${seconds(age)}`;
  } catch {
    // The picture is there; that its age cannot be told matters little.
  }
}

/** Buttons that fetch a few bytes of a large object. */
function offerBytes(group) {
  const output = $(group.dataset.output);
  for (const button of $$("button[data-range]", group)) {
    button.addEventListener("click", async () => {
      for (const other of $$("button", group)) other.setAttribute("aria-pressed", String(other === button));
      output.textContent = `Range: bytes=${button.dataset.range}\n…`;
      try {
        output.textContent = await fewBytes(group.dataset.path, button.dataset.range);
      } catch {
        output.textContent = "The server did not answer. Is make demo still running?";
      }
    });
  }
}

async function fewBytes(path, range) {
  const { response, abort } = await ask("GET", path, range);
  const lines = [`Range: bytes=${range}`, "", `${response.status} ${response.statusText}`.trim()];
  for (const name of ["content-range", "content-length", "cache-status"]) {
    if (response.headers.has(name)) lines.push(`${name}: ${response.headers.get(name)}`);
  }
  if (response.status === 206) {
    const body = new Uint8Array(await response.arrayBuffer());
    lines.push("", [...body].map((byte) => byte.toString(16).padStart(2, "0")).join(" "));
  } else {
    abort.abort(); // the whole object is not wanted
  }
  return lines.join("\n");
}

for (const place of $$("[data-origin]")) if (location.protocol.startsWith("http")) place.textContent = location.origin;
for (const place of $$("[data-this-path]")) place.textContent = location.pathname;
for (const panel of $$("[data-answer]")) new AnswerPanel(panel);
for (const shelf of $$("[data-catalogue]")) fillShelf(shelf);
for (const group of $$("[data-output]")) offerBytes(group);
