/** Milliseconds as a person reads them: `0.4 ms`, `12 ms`, `3.2 s`, `4 min`. */
export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return '–';
  if (milliseconds < 9.95) return `${Number(milliseconds.toFixed(1))} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${Number((milliseconds / 1000).toFixed(1))} s`;
  if (milliseconds < 3_570_000) return `${Math.round(milliseconds / 60_000)} min`;
  if (milliseconds < 172_800_000) return `${Number((milliseconds / 3_600_000).toFixed(1))} h`;
  return `${Math.round(milliseconds / 86_400_000)} d`;
}

/** A number without a tail: `0.03`, `1.2`, `140`. */
export function count(value) {
  if (value === null || value === undefined) return '–';
  if (value === 0 || value >= 99.5) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(2)));
}

export function timeOfDay(at) {
  return new Date(at).toLocaleTimeString('en-GB');
}

export function plural(number, one, many = `${one}s`) {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

export function eventsOf({ done, ignored, rejected, failed }) {
  return done + ignored + rejected + failed;
}

/** One sentence for: is it working? Without numbers, so that it is read out only when it changes. */
export function verdictOf({ reasons, minute, accounts, groups }) {
  if (reasons.includes('draining')) return { level: 'warn', text: 'Shutting down' };
  const upstreams = accounts.flatMap((account) => account.upstreams);
  const refused = upstreams.find((upstream) => upstream.refused);
  if (refused) return { level: 'bad', text: `Not ready: ${refused.name} ${refused.refused}` };
  const open = upstreams.find(({ circuit }) => circuit === 'Open');
  if (open) return { level: 'bad', text: `Held up: ${open.name} does not answer` };
  const events = eventsOf(minute);
  if (events > 0 && minute.failed / events > 0.2) {
    const reason = groups.find(({ outcome }) => outcome === 'failed')?.reason;
    return { level: 'bad', text: `Failing: ${reason ?? 'see the reasons'}` };
  }
  if (minute.failed > 0) return { level: 'warn', text: 'Working; some failed and come again' };
  if (minute.rejected > 0) return { level: 'warn', text: 'Working; some were rejected' };
  if (events === 0) return { level: 'good', text: 'Ready; nothing to do' };
  return { level: 'good', text: 'Working' };
}

/** An element with attributes, properties left alone: no style may come in as text. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Changes a text only where it differs, so that nothing is drawn or read out for nothing. */
export function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}
