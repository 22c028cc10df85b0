/*
 * The page that a link in an e-mail opens. It takes the link's token out of the address (nobody
 * shall see, share or keep it by accident), exchanges it for a session of the widget's, and opens
 * the widget with it. The names in the storage and on the channel are the widget's.
 */
(() => {
  "use strict";

  const PREFIX = `deskhand:${location.host}:`;
  const ANYWAY = "You can start a new chat here.";
  const say = (text) => (document.querySelector("main p").textContent = text);

  const openWidget = () => {
    const script = document.createElement("script");
    script.src = "/widget.js";
    Object.assign(script.dataset, { title: "Your conversation", open: "" });
    document.head.append(script);
  };

  const exchange = async (link) => {
    const response = await fetch("/api/chat/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ link, page: location.origin + location.pathname }),
      credentials: "omit",
    });
    const answer = await response.json();
    if (!response.ok) return say(`${answer.error.message} ${answer.error.hint}`);
    localStorage.setItem(`${PREFIX}session`, JSON.stringify(answer));
    // Other tabs of this page change to that conversation, too; they may not see the storage yet.
    new BroadcastChannel(PREFIX).postMessage({ type: "moved", session: answer });
  };

  const [, link] = /^#resume=([\w.-]+)$/.exec(location.hash) || [];
  history.replaceState(null, "", location.pathname);
  if (!link) return openWidget();
  exchange(link)
    .catch(() => say(`The conversation could not be opened. Try the link again later. ${ANYWAY}`))
    .finally(openWidget);
})();
