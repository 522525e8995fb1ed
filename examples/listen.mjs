// Follows the live channel of one user until a task is over, as a web page would: the user's
// id comes from the profile, a one-time ticket keeps the token out of the address.
//
//   QUIRE_URL=http://127.0.0.1:8080 QUIRE_TOKEN=<access token> node listen.mjs
// (Node 20 needs --experimental-websocket; newer ones and all browsers have WebSocket.)

const base = process.env.QUIRE_URL ?? "http://127.0.0.1:8080";
const headers = { Authorization: `Bearer ${process.env.QUIRE_TOKEN}` };

async function ask(path, method = "GET") {
  const response = await fetch(base + path, { method, headers });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

const user = await ask("/auth/profile/");
const { ticket } = await ask("/process/ws-ticket", "POST");
const address = `${base.replace(/^http/, "ws")}/process/ws/${user.id}?ticket=${ticket}`;
const socket = new WebSocket(address);

const failed = (message) => {
  console.error(message);
  process.exit(1);
};
const overdue = setTimeout(() => failed("nothing more was heard for 60 seconds"), 60_000);

socket.onmessage = ({ data }) => {
  overdue.refresh();
  const event = JSON.parse(data);
  console.log([event.event, event.task_id, event.message].filter(Boolean).join(" "));
  if (event.event === "task_failed") failed(event.message);
  if (event.event === "task_completed") {
    clearTimeout(overdue);
    socket.close();
  }
};
socket.onerror = () => failed(`the socket at ${base} broke`);
socket.onclose = ({ code, reason }) => {
  if (code !== 1000 && code !== 1005) failed(`closed with ${code} ${reason}`);
};
