// Takes commands as lines of JSON, [name, argument…]; answers each with a line, {result} or {broken}.

import { webcrypto } from "node:crypto";
import http from "node:http";
import net from "node:net";
import { once } from "node:events";
import { createInterface } from "node:readline";
import "./fetch.mjs";

globalThis.crypto ??= webcrypto; // before Node 20
const { upload, download, uploadForever, converse: fetchConverse } = globalThis.peer;
let underWay;

function begin(start, url) {
  const controller = new AbortController();
  const ended = start(url, controller.signal).catch((error) => error.name);
  underWay = { url, controller, ended };
}

async function leave() {
  underWay.controller.abort();
  const ended = await underWay.ended;
  // undici opens another connection at once: let it be in use before the server stops.
  await (await fetch(new URL("/", underWay.url))).text();
  return ended;
}

function post(url, headers = {}) {
  const request = http.request(url, { method: "POST", headers });
  request.flushHeaders();
  return request;
}

async function body(response, encoding = "utf8") {
  response.setEncoding(encoding);
  let text = "";
  for await (const piece of response) text += piece;
  return text;
}

// Sends each line when the answer to the one before has come.
async function converse(url, lines) {
  const request = post(url);
  const answers = [];
  request.write(lines[0]);
  const [response] = await once(request, "response");
  for await (const answer of createInterface(response)) {
    answers.push(`${answer}\n`);
    if (answers.length < lines.length) request.write(lines[answers.length]);
    else request.end();
  }
  return answers;
}

async function sendTrailers(url, text, trailers) {
  const request = post(url, { Trailer: Object.keys(trailers).join(", ") });
  request.write(text);
  request.addTrailers(trailers);
  request.end();
  const [response] = await once(request, "response");
  return JSON.parse(await body(response));
}

async function readTrailers(url) {
  const request = http.get(url, { headers: { TE: "trailers", Connection: "TE, close" } });
  const [response] = await once(request, "response");
  const text = await body(response);
  return { headers: response.headers, text, trailers: response.trailers };
}

// Sends a request and FIN, goes on reading: what a raw client in another language does.
async function halfClose(url) {
  const { hostname, port, pathname } = new URL(url);
  const socket = net.connect({ host: hostname, port, allowHalfOpen: true });
  socket.end(`GET ${pathname} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  return body(socket, "latin1");
}

const commands = {
  upload,
  download,
  begin: (url) => begin(download, url),
  beginUpload: (url) => begin(uploadForever, url),
  leave,
  converse,
  fetchConverse,
  sendTrailers,
  readTrailers,
  halfClose,
};

for await (const line of createInterface(process.stdin)) {
  const [command, ...given] = JSON.parse(line);
  let told;
  try {
    told = { result: await commands[command](...given) };
  } catch (error) {
    told = { broken: `${error}: ${error.cause ?? error.code}` };
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
