// Three panels and a live table. Every panel runs at most one request, which its Cancel button
// aborts; whatever goes wrong is said in the panel's status line.

const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en");
const size = (bytes) => {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
};
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

function say(panel, text, kind = "") {
  const status = $(`${panel}-status`);
  status.textContent = text;
  status.className = `status ${kind}`;
}

function busy(panel, running) {
  $(`${panel}-start`).disabled = running;
  $(`${panel}-cancel`).disabled = !running;
}

// Run one request of a panel: `work` gets an AbortSignal; `far` tells how far it came.
function panel(name, work, far) {
  let control = null;
  $(`${name}-cancel`).addEventListener("click", () => control?.abort());
  $(`${name}-form`).addEventListener("submit", async (event) => {
    event.preventDefault();
    if (control) return;
    control = new AbortController();
    busy(name, true);
    say(name, "Running …");
    try {
      say(name, await work(control.signal), "good");
    } catch (error) {
      if (control.signal.aborted) say(name, `Cancelled after ${far()}.`);
      else say(name, `Failed after ${far()}: ${reason(error)}`, "bad");
    } finally {
      control = null;
      busy(name, false);
    }
  });
}

// Browsers tell a script only that there was "a network error".
function reason(error) {
  if (error instanceof TypeError) return "the connection to the server broke, or there is none.";
  return error.message;
}

function refuse(status, text) {
  throw new Error(`the server answered ${status}: ${text.slice(0, 200)}`);
}

async function answer(response) {
  if (!response.ok) refuse(response.status, await response.text());
  return response;
}

// Stream a CSV.

const SLICE = 65536; // a read can bring megabytes; the pace is kept in smaller steps
const csv = { rows: 0, bytes: 0, lines: 0, tail: "", transfer: null, shown: 0 };

function showCsv(now = performance.now()) {
  csv.shown = now;
  $("csv-rows").textContent = number.format(csv.rows);
  $("csv-bytes").textContent = size(csv.bytes);
  // What follows the last line end has not come as a whole, or is empty.
  if (csv.tail) $("csv-tail").textContent = csv.tail.split("\r\n").slice(-6, -1).join("\n");
}

async function streamCsv(signal) {
  Object.assign(csv, { rows: 0, bytes: 0, lines: 0, tail: "", transfer: null });
  $("csv-read").textContent = "0";
  showCsv();
  const began = performance.now();
  try {
    const response = await answer(await fetch("/birds.csv", { signal }));
    csv.transfer = Number(response.headers.get("x-transfer"));
    await readCsv(response.body.getReader(), signal);
  } finally {
    showCsv();
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  return `Complete: ${number.format(csv.rows)} rows in ${seconds} s.`;
}

async function readCsv(reader, signal) {
  const decoder = new TextDecoder();
  const began = performance.now();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (let start = 0; start < value.length; start += SLICE) {
      take(value.subarray(start, start + SLICE), decoder);
      if (performance.now() - csv.shown > 50) showCsv();
      await pace(began, signal);
    }
  }
}

function take(bytes, decoder) {
  csv.bytes += bytes.length;
  for (const byte of bytes) if (byte === 10) csv.lines += 1;
  csv.rows = Math.max(0, csv.lines - 1); // without the line of column names
  csv.tail = (csv.tail + decoder.decode(bytes, { stream: true })).slice(-1200);
}

// Wait until as much time has passed as the bytes so far take at the chosen rate.
async function pace(began, signal) {
  for (;;) {
    signal.throwIfAborted();
    const rate = Number($("csv-pace").value);
    const left = rate ? (csv.bytes / rate) * 1000 - (performance.now() - began) : 0;
    if (left <= 0) return;
    await wait(Math.min(left, 50));
  }
}

panel("csv", streamCsv, () => `${number.format(csv.rows)} rows`);

// Upload a file. fetch() cannot tell how much was sent, XMLHttpRequest can.

let sent = 0;

function send(file, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = (event) => {
      sent = event.loaded;
      $("upload-bar").value = event.total ? event.loaded / event.total : 1;
      $("upload-sent").textContent = size(event.loaded);
      if (event.loaded === event.total) say("upload", "Sent; waiting for the hash …");
    };
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error("the upload was cut off, or the file cannot be read."));
    request.onabort = () => reject(new Error("cancelled"));
    signal.addEventListener("abort", () => request.abort());
    request.open("POST", "/upload");
    request.send(file);
  });
}

async function uploadFile(signal) {
  const file = $("upload-file").files[0];
  sent = 0;
  $("upload-bar").value = 0;
  $("upload-sent").textContent = size(0);
  $("upload-size").textContent = size(file.size);
  $("upload-bytes").textContent = "–";
  $("upload-hash").textContent = "–";
  const { status, responseText } = await send(file, signal);
  if (status !== 200) refuse(status, responseText);
  const found = JSON.parse(responseText);
  $("upload-bar").value = 1;
  $("upload-sent").textContent = size(file.size);
  $("upload-bytes").textContent = size(found.bytes);
  $("upload-hash").textContent = found.sha256;
  return `Complete: ${number.format(found.bytes)} bytes in ${found.seconds} s.`;
}

panel("upload", uploadFile, () => size(sent));

// Duplex echo.

let echoed = "";

async function echo(signal) {
  echoed = "";
  $("echo-answer").textContent = "";
  const pause = $("echo-slow").checked ? 400 : 0;
  const body = $("echo-text").value;
  const asked = fetch(`/echo?pause=${pause}`, { method: "POST", body, signal });
  const reader = (await answer(await asked)).body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    echoed += value;
    $("echo-answer").textContent = echoed;
    $("echo-answer").scrollTop = $("echo-answer").scrollHeight;
  }
  return `Complete: ${number.format([...echoed].length)} characters.`;
}

panel("echo", echo, () => `${number.format([...echoed].length)} characters`);

// What the server is doing.

function showActivity(transfers) {
  $("activity").replaceChildren(
    ...transfers.map(({ id, kind, unit, amount, state }) => {
      if (id === csv.transfer) $("csv-read").textContent = number.format(amount);
      const row = document.createElement("tr");
      row.className = state;
      row.dataset.transfer = id;
      const far = unit === "bytes" ? size(amount) : `${number.format(amount)} ${unit}`;
      const dot = Object.assign(document.createElement("span"), { className: "dot" });
      for (const [text, kinds] of [[`${id}. ${kind}`, ""], [far, "number"], [state, "state"]]) {
        const cell = row.insertCell();
        cell.className = kinds;
        if (kinds === "state") cell.append(dot);
        cell.append(text);
      }
      return row;
    }),
  );
}

function tellGone(gone) {
  $("gone").hidden = !gone;
  $("activity").classList.toggle("stale", gone);
}

function follow() {
  const events = new EventSource("/activity");
  events.onopen = () => tellGone(false);
  events.onmessage = (event) => {
    const transfers = JSON.parse(event.data);
    if (transfers.length) showActivity(transfers);
  };
  events.onerror = () => {
    tellGone(true);
    // A browser gives up for good after some answers; a refused connection it tries again.
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, 2000);
  };
}

follow();

// The curl lines: with this page's own address, and a button.

async function copy(code) {
  if (navigator.clipboard) return navigator.clipboard.writeText(code.textContent);
  // Not there when the page comes over plain HTTP from another machine.
  getSelection().selectAllChildren(code);
  if (!document.execCommand("copy")) throw new Error("copying is not allowed");
}

for (const box of document.querySelectorAll(".curl")) {
  const code = box.querySelector("code");
  code.textContent = code.textContent.replaceAll("http://127.0.0.1:8000", location.origin);
  code.tabIndex = 0;
  const button = Object.assign(document.createElement("button"), { type: "button" });
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${code.textContent}`);
  button.addEventListener("click", async () => {
    try {
      await copy(code);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Press Ctrl-C";
    }
    await wait(1500);
    button.textContent = "Copy";
  });
  box.append(button);
}
