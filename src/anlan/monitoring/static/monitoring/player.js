// @ts-check
/** A live picture from the media server: by WHEP (WebRTC), else by HLS where the browser plays it itself. */

const GATHER_TIME = 1500;
const HLS = "application/vnd.apple.mpegurl";

/** @type {RTCPeerConnection | null} */
let connection = null;

/** @param {HTMLVideoElement} video @param {string} words */
function say(video, words) {
  const state = video.parentElement?.querySelector("[data-player-state]");
  if (state) state.textContent = words;
}

/** @param {RTCPeerConnection} peer */
function gathered(peer) {
  return new Promise((done) => {
    setTimeout(done, GATHER_TIME);
    peer.addEventListener("icegatheringstatechange", () => peer.iceGatheringState === "complete" && done(null));
  });
}

/**
 * @param {HTMLVideoElement} video
 * @param {string} address
 */
async function playWhep(video, address) {
  const peer = new RTCPeerConnection();
  connection = peer;
  peer.addTransceiver("video", { direction: "recvonly" });
  peer.addTransceiver("audio", { direction: "recvonly" });
  peer.addEventListener("track", (event) => {
    [video.srcObject] = event.streams;
  });
  await peer.setLocalDescription(await peer.createOffer());
  await gathered(peer);
  const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/sdp" }, body: peer.localDescription?.sdp });
  if (!answer.ok) throw new Error(`WHEP ${answer.status}`);
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
}

/** @param {HTMLVideoElement} video */
async function play(video) {
  const { whep = "", hls = "" } = video.dataset;
  const state = /** @type {HTMLElement | null} */ (video.parentElement?.querySelector("[data-player-state]"));
  video.addEventListener("playing", () => say(video, ""), { once: true });
  try {
    await playWhep(video, whep);
  } catch {
    if (video.canPlayType(HLS)) video.src = hls;
    else say(video, state?.dataset.failed ?? "");
  }
}

function begin() {
  connection?.close();
  connection = null;
  const video = document.querySelector("video[data-whep]");
  if (video instanceof HTMLVideoElement) void play(video);
}

/** Whoever closes the page or goes elsewhere watches no longer: the camera need not wait for a minute of silence. */
function leave() {
  const stop = document.querySelector("[data-stop]");
  const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  if (stop instanceof HTMLElement) void fetch(stop.dataset.stop ?? "", { method: "POST", keepalive: true, headers });
}

window.addEventListener("pagehide", leave);
document.body.addEventListener("htmx:afterSwap", begin);
begin();
