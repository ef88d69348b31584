// Node's http module without a framework.
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";

const [port, count, chunkSize, blocks, folder] = process.argv.slice(2);
const chunk = Buffer.alloc(Number(chunkSize), "x");
const block = Buffer.from(Array.from({ length: 65536 }, (_, index) => index % 256));
const text = { "content-type": "text/plain; charset=utf-8" };
const binary = { "content-type": "application/octet-stream" };
const subscribers = new Set();

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

async function write(response, data) {
  if (!response.write(data)) await once(response, "drain");
}

const paths = {
  "/plain": (request, response) => {
    response.writeHead(200, text);
    response.end("Hello, world!");
  },
  "/chunks": async (request, response) => {
    response.writeHead(200, text);
    for (let left = Number(count); left > 0; left--) await write(response, chunk);
    response.end();
  },
  "/tokens": async (request, response) => {
    response.writeHead(200, text);
    for (let left = Number(count); left > 0; left--) {
      await write(response, chunk);
      await setImmediate();
    }
    response.end();
  },
  "/download": async (request, response) => {
    response.writeHead(200, binary);
    for (let left = Number(blocks); left > 0; left--) await write(response, block);
    response.end();
  },
  "/upload": (request, response) => {
    let size = 0;
    request.on("data", (part) => (size += part.length));
    request.on("end", () => {
      response.writeHead(200, text);
      response.end(String(size));
    });
  },
  "/json": async (request, response) => {
    const value = JSON.parse(await bodyOf(request));
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(value));
  },
  "/echo": (request, response) => {
    response.writeHead(200, binary);
    request.pipe(response);
  },
  "/events": (request, response) => {
    subscribers.add(response);
    response.on("close", () => subscribers.delete(response));
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(":\n\n");
  },
  "/publish": async (request, response) => {
    for (const line of (await bodyOf(request)).toString().trim().split("\n")) {
      for (const subscriber of subscribers) subscriber.write(`data: ${line}\n\n`);
    }
    response.writeHead(200, text);
    response.end("published");
  },
};

createServer((request, response) => {
  if (request.url.startsWith("/file/")) {
    response.writeHead(200, binary);
    createReadStream(folder + request.url.slice(5)).pipe(response);
  } else {
    paths[request.url](request, response);
  }
}).listen(Number(port), "127.0.0.1");
