import { count, duration, element, plural, setText, timeOfDay } from './text.js';

const SHOWN_FIELDS = 4;
const KEPT = 500;
const PAGE = 50;
const SVG = 'http://www.w3.org/2000/svg';

const cell = (content, kind) => element('td', kind ? { class: kind } : {}, content ?? '–');
const badge = (outcome) => element('span', { class: `badge ${outcome}` }, outcome);
const idOf = (resource) => resource.slice(resource.indexOf('/') + 1);

/** The last outcomes, with search by id, by reason and by outcome. */
export function createRecent() {
  const [search, kind, pause, more, found] = ['search', 'kind', 'pause', 'more', 'found'].map((id) =>
    document.getElementById(id),
  );
  const body = document.querySelector('#recent tbody');
  let outcomes = [];
  let shown = PAGE;
  let waiting = 0;
  const paused = () => pause.getAttribute('aria-pressed') === 'true';

  const matches = ({ resource, reason, outcome }) => {
    const text = search.value.trim().toLowerCase();
    if (kind.value && outcome !== kind.value) return false;
    return (
      text === '' || (resource ?? '').toLowerCase().includes(text) || reason.toLowerCase().includes(text)
    );
  };
  const draw = () => {
    const matching = outcomes.filter(matches);
    body.replaceChildren(...matching.slice(0, shown).map(row));
    say(matching.length);
  };
  const say = (matching) => {
    more.hidden = matching <= shown;
    const filtered = search.value.trim() !== '' || kind.value !== '';
    const text = filtered
      ? `${matching} of ${plural(outcomes.length, 'outcome')} found`
      : `${plural(outcomes.length, 'outcome')} kept`;
    // What changes every second is not read out every second.
    found.setAttribute('aria-live', filtered ? 'polite' : 'off');
    setText(found, paused() && waiting > 0 ? `${text}, ${waiting} since the pause` : text);
  };
  const again = () => {
    shown = PAGE;
    draw();
  };
  search.addEventListener('input', again);
  kind.addEventListener('change', again);
  document.getElementById('find').addEventListener('submit', (event) => event.preventDefault());
  more.addEventListener('click', () => {
    shown += PAGE;
    draw();
  });
  pause.addEventListener('click', () => {
    pause.setAttribute('aria-pressed', String(!paused()));
    setText(pause, paused() ? 'Go on' : 'Pause');
    waiting = 0;
    if (!paused()) draw();
  });
  body.addEventListener('click', ({ target }) => {
    if (!target.closest('button')) return;
    search.value = target.textContent;
    again();
    search.focus();
  });

  return {
    find(resource) {
      search.value = idOf(resource);
      kind.value = '';
      again();
      search.focus();
    },
    reset(all) {
      outcomes = all.toReversed();
      waiting = 0;
      draw();
    },
    add(fresh) {
      if (fresh.length === 0) return;
      outcomes = [...fresh.toReversed(), ...outcomes].slice(0, KEPT);
      if (paused()) {
        waiting += fresh.length;
        return say(outcomes.filter(matches).length);
      }
      // Rows are put on top, not drawn anew: what has the focus keeps it.
      for (const one of fresh.filter(matches)) body.prepend(row(one, true));
      while (body.rows.length > shown) body.lastElementChild.remove();
      say(outcomes.filter(matches).length);
    },
  };
}

function row(
  {
    at,
    outcome,
    reason,
    resource,
    version,
    route,
    milliseconds,
    lagMilliseconds,
    deadLettered,
    late,
    changed = [],
  },
  fresh,
) {
  const time = element('time', { datetime: new Date(at).toISOString() }, timeOfDay(at));
  const notes = [deadLettered && 'dead-lettered', late && 'late'].filter(Boolean).join(', ');
  return element(
    'tr',
    fresh === true ? { class: 'fresh' } : {},
    cell(time, 'time'),
    what(outcome, reason, notes && ` (${notes})`, fieldsOf(changed)),
    cell(resource ? link(resource) : undefined),
    cell(version === undefined ? undefined : String(version), 'number roomy'),
    cell(route, 'code roomy'),
    cell(duration(milliseconds), 'number roomy'),
    cell(duration(lagMilliseconds), 'number'),
  );
}

/** The first names of what was changed; the rest on demand. */
function fieldsOf(changed) {
  if (changed.length === 0) return '';
  const more = changed.length > SHOWN_FIELDS ? `, ${changed.length - SHOWN_FIELDS} more` : '';
  const text = ` ${changed.slice(0, SHOWN_FIELDS).join(', ')}${more}`;
  return element('span', { class: 'quiet', title: changed.join(', ') }, text);
}

function what(outcome, reason, ...notes) {
  const code = element('span', { class: 'code' }, reason);
  return element('td', { class: 'what' }, badge(outcome), ' ', code, ...notes);
}

function link(resource) {
  const id = idOf(resource);
  return element('button', { type: 'button', class: 'id', title: 'Find all of this resource' }, id);
}

/** Reasons of rejection and failure; a click on the last one finds it in the list. */
export function createReasons(find) {
  const body = document.querySelector('#reasons tbody');
  const empty = document.getElementById('reasons-empty');
  const table = document.getElementById('reasons');
  let before = '';
  return ({ groups }) => {
    const bad = groups.filter(({ outcome }) => outcome === 'rejected' || outcome === 'failed');
    const now = JSON.stringify(bad);
    if (now === before) return;
    before = now;
    table.hidden = bad.length === 0;
    empty.hidden = bad.length > 0;
    const focused = document.activeElement?.closest('#reasons tr')?.rowIndex;
    body.replaceChildren(
      ...bad.slice(0, 12).map(({ outcome, reason, count: events, course, lastAt, resource }) => {
        const last = element('td', { class: 'time' }, timeOfDay(lastAt), ' ');
        if (resource) {
          const button = element(
            'button',
            { type: 'button', class: 'id', 'aria-label': `Find ${idOf(resource)}` },
            idOf(resource).slice(0, 8),
          );
          button.addEventListener('click', () => find(resource));
          last.append(button);
        }
        return element(
          'tr',
          {},
          what(outcome, reason),
          cell(count(events), 'number'),
          cell(bars(course, outcome), 'roomy'),
          last,
        );
      }),
    );
    if (focused) table.rows[focused]?.querySelector('button')?.focus();
  };
}

function bars(course, outcome) {
  const most = Math.max(1, ...course);
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 96 18');
  svg.setAttribute('class', `bars ${outcome}`);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `Every five minutes: ${course.join(', ')}`);
  course.forEach((value, index) => {
    const height = value === 0 ? 1 : 2 + (value / most) * 16;
    const rect = document.createElementNS(SVG, 'rect');
    for (const [key, number] of Object.entries({ x: index * 8, y: 18 - height, width: 6, height }))
      rect.setAttribute(key, String(number));
    svg.append(rect);
  });
  return svg;
}

/** Fields that were blanked in Fluent; hidden while there is none. */
export function createBlanks() {
  const place = document.getElementById('blanks');
  const body = place.querySelector('tbody');
  let before = '';
  return ({ blanked }) => {
    const now = JSON.stringify(blanked);
    if (now === before) return;
    before = now;
    place.hidden = blanked.length === 0;
    body.replaceChildren(
      ...blanked.map(({ field, count: customers, lastAt }) =>
        element(
          'tr',
          {},
          cell(field, 'code'),
          cell(count(customers), 'number'),
          cell(timeOfDay(lastAt), 'time'),
        ),
      ),
    );
  };
}

/** The health of each account: readiness, circuit, slots and what was asked for. */
export function createAccounts() {
  const place = document.getElementById('accounts');
  let before = '';
  return ({ accounts, minute }) => {
    const now = JSON.stringify(accounts) + Math.round(minute.seconds);
    if (now === before) return;
    before = now;
    place.replaceChildren(
      ...accounts.map(({ projectKey, retailerId, fluentAccount, upstreams }) => {
        const body = element('tbody', {}, ...upstreams.flatMap((upstream) => upstreamRows(upstream, minute)));
        const head = element(
          'tr',
          {},
          ...['Upstream', 'Requests/s', 'Faults', 'Took', 'Customers'].map((name, index) =>
            element(
              'th',
              { scope: 'col', class: index === 0 ? '' : index === 4 ? 'number roomy' : 'number' },
              name,
            ),
          ),
        );
        const caption = element(
          'caption',
          { class: 'seen' },
          `Project ${projectKey}, retailer ${retailerId}${fluentAccount ? ` of Fluent ${fluentAccount}` : ''}`,
        );
        return element(
          'div',
          { class: 'wide' },
          element('table', {}, caption, element('thead', {}, head), body),
        );
      }),
    );
  };
}

const STATES = {
  Closed: ['good', 'answers'],
  HalfOpen: ['warn', 'being tried'],
  Open: ['bad', 'circuit open'],
};

function upstreamRows(
  { name, circuit, refused, slots, inFlight, waiting, renewal, operations },
  { seconds },
) {
  const [level, word] = refused ? ['bad', refused] : STATES[circuit];
  const token =
    renewal && !renewal.renewed ? ', no token' : renewal ? `, token of ${timeOfDay(renewal.at)}` : '';
  const head = element(
    'th',
    { scope: 'rowgroup', colspan: '5', class: 'upstream' },
    element('span', { class: `light ${level}` }),
    element('b', {}, name),
    ` ${word}`,
    element('span', { class: 'quiet' }, `${inFlight} of ${slots} in flight, ${waiting} waiting${token}`),
  );
  // A token lives for hours: its own line is worth the minute in which it was asked for.
  const asked = operations.filter(({ operation, requests }) => operation !== 'token' || requests > 0);
  const rows = asked.map(({ operation, requests, faults, milliseconds, size }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row', class: 'operation' }, operation),
      cell(count(requests / seconds), 'number'),
      cell(count(faults), faults > 0 ? 'number failed-text' : 'number'),
      cell(duration(milliseconds), 'number'),
      cell(operation === 'token' ? undefined : count(size), 'number roomy'),
    ),
  );
  return [element('tr', {}, head), ...rows];
}

/** Lines may break after a dot. */
function breakable(name) {
  return name.split(/(?<=\.)/).flatMap((part) => [part, element('wbr')]);
}

/** The routing table, which does not change while the service runs. */
export function drawRoutes(routes) {
  document
    .querySelector('#routes tbody')
    .replaceChildren(
      ...routes.map(({ route, resourceType, filter, handler, source }) =>
        element(
          'tr',
          {},
          element('td', { class: 'code' }, ...breakable(route)),
          cell(resourceType, 'roomy'),
          cell(Array.isArray(filter) ? filter.join(', ') : filter),
          element(
            'td',
            {},
            `${handler} `,
            source === `handlers/${handler}` ? '' : element('span', { class: 'quiet code' }, source),
          ),
        ),
      ),
    );
}
