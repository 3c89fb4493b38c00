const SILENCE_MILLISECONDS = 6_000;
const AGAIN_MILLISECONDS = 2_000;

/**
 * Listens to the service permanently. Browsers reconnect automatically after a broken connection, but not after a refusal or
 * silence; then a new connection is opened.
 */
export function listen({ onSnapshot, onTick, onState }) {
  let source;
  let heardAt = performance.now();
  let again;

  function open() {
    clearTimeout(again);
    source?.close();
    heardAt = performance.now();
    source = new EventSource('/dashboard/events');
    source.addEventListener('snapshot', ({ data }) => {
      heard();
      onSnapshot(JSON.parse(data));
    });
    source.addEventListener('tick', ({ data }) => {
      heard();
      onTick(JSON.parse(data));
    });
    source.addEventListener('error', () => {
      onState('lost');
      if (source.readyState === EventSource.CLOSED) refused();
    });
  }

  function heard() {
    heardAt = performance.now();
    onState('live');
  }

  /** The browser does not say why: where the log-in has ended, the page is asked for anew, and is the form then. */
  async function refused() {
    const answer = await fetch('/', { method: 'HEAD' }).catch(() => undefined);
    if (answer?.status === 401) location.reload();
    else later();
  }

  function later() {
    clearTimeout(again);
    again = setTimeout(open, AGAIN_MILLISECONDS);
  }

  setInterval(() => {
    if (performance.now() - heardAt < SILENCE_MILLISECONDS) return;
    onState('lost');
    open();
  }, 2_000);
  // A page that nobody sees costs nothing.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && source?.readyState !== EventSource.OPEN) open();
  });
  addEventListener('pagehide', () => source?.close());
  addEventListener('pageshow', ({ persisted }) => persisted && open());
  open();
}
