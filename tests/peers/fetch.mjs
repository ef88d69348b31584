// The same few verbs in terms of fetch, for Node and for a page.

const BLOCK = 65536;

// Blocks that begin with their number, then count up.
function pattern(size) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = at & 255;
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < size; at += BLOCK) {
    view.setUint32(at, 0);
    view.setUint32(at + 4, at / BLOCK);
  }
  return bytes;
}

function blocks(data) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= data.length) return controller.close();
      controller.enqueue(data.subarray(at, at + BLOCK));
      at += BLOCK;
    },
  });
}

async function upload(url, size, chunked) {
  const data = pattern(size);
  const body = chunked ? blocks(data) : data;
  const response = await fetch(url, { method: "POST", body, duplex: "half" });
  return [response.status, await response.text()];
}

async function download(url, signal) {
  const response = await fetch(url, { signal, cache: "no-store" });
  const body = await response.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [body.byteLength, hex];
}

// Sends each line when the answer to the one before has come.
async function converse(url, lines) {
  const text = new TransformStream();
  const writer = text.writable.getWriter();
  const send = (line) => void writer.write(new TextEncoder().encode(line));
  send(lines[0]);
  const response = await fetch(url, { method: "POST", body: text.readable, duplex: "half" });
  const answers = [];
  for await (const answer of response.body.pipeThrough(new TextDecoderStream())) {
    answers.push(answer);
    if (answers.length < lines.length) send(lines[answers.length]);
    else writer.close();
  }
  return answers;
}

// Sends some of a body and then nothing more.
function uploadForever(url, signal) {
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(pattern(BLOCK)),
  });
  return fetch(url, { method: "POST", body, duplex: "half", signal });
}

globalThis.peer = { upload, download, converse, uploadForever };
