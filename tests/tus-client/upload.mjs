// Sends a file by tus-js-client through a connection that is cut at given places.
//
//   TOKEN=... node upload.mjs ORIGIN FILE CUT...
//
// A CUT is a number of bytes, as the server's side of the connection counts them. Prints
// {"url", "cuts", "requests", "document", "task"}.
import { createReadStream, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { basename } from "node:path";
import { Upload } from "tus-js-client";

const [origin, file, ...places] = process.argv.slice(2);
const cuts = places.map(Number).sort((a, b) => a - b);
const target = new URL(origin);
let passed = 0;
let done = 0;

// A proxy that ends both sides of a connection when enough has passed.
const proxy = createServer((client) => {
  const server = connect(Number(target.port), target.hostname);
  const end = () => {
    client.destroy();
    server.destroy();
  };
  for (const side of [client, server]) side.on("error", end).on("close", end);
  client.on("data", (bytes) => {
    passed += bytes.length;
    if (done < cuts.length && passed >= cuts[done]) {
      done += 1;
      return end();
    }
    if (!server.write(bytes)) {
      client.pause();
      server.once("drain", () => client.resume());
    }
  });
  server.pipe(client);
});
await new Promise((listening) => proxy.listen(0, "127.0.0.1", listening));

const requests = [];
let last;
const upload = new Upload(createReadStream(file), {
  endpoint: `http://127.0.0.1:${proxy.address().port}/files/uploads/`,
  headers: { authorization: `Bearer ${process.env.TOKEN}` },
  metadata: { filename: basename(file), filetype: "text/plain" },
  uploadSize: statSync(file).size,
  retryDelays: [0, 100, 200, 400, 800, 1600, 3200],
  onAfterResponse: (request, response) => {
    requests.push(`${request.getMethod()} ${response.getStatus()}`);
    last = response;
  },
  onError: (error) => {
    console.error(error);
    process.exit(1);
  },
  onSuccess: () => {
    const header = (name) => last.getHeader(name);
    const found = { document: header("quire-document-id"), task: header("quire-task-id") };
    console.log(JSON.stringify({ url: upload.url, cuts: done, requests, ...found }));
    process.exit(0);
  },
});
upload.start();
