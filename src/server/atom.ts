/** Incidents and notes as an Atom feed (RFC 4287), for feed readers and chat programs. Its addresses are relative to its own. */
import { isoTime, list } from '../core/format.ts';
import { showFall, showRecovery } from '../core/incidents.ts';
import { VERSION } from '../core/version.ts';
import type { MonitorIdentity, Note, NoteKind } from '../core/messages.ts';
import { escapedXml, printable } from '../core/printable.ts';
import { type ListedIncident, uuidOf } from './incident-list.ts';
import { siteName } from './public-view.ts';

/**
 * @param identity as the client may see it
 * @param title of the page, as it is configured; null where it is not
 * @param incidents the newest first
 * @param notes those that are shown
 */
export function atom(
  identity: MonitorIdentity,
  title: string | null,
  incidents: readonly ListedIncident[],
  notes: readonly Note[],
): string {
  const entries = [...incidents.map(incidentEntry), ...notes.map((note) => noteEntry(note, identity.id))].sort(
    (a, b) => b.updatedAt - a.updatedAt,
  );
  const changedAt = Math.max(identity.startedAt, ...entries.map((one) => one.updatedAt));
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>urn:uuid:${uuidOf(identity.id, 'incidents')}</id>
  <title>${xmlText(printable(siteName(title, identity)))}</title>
  <updated>${isoTime(changedAt)}</updated>
  <author><name>gapwatch</name></author>
  <generator version="${VERSION}">gapwatch</generator>
  <link rel="self" type="application/atom+xml" href="feed.atom"/>
  <link rel="alternate" type="text/html" href="./"/>
${entries.map(entryXml).join('')}</feed>
`;
}

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly publishedAt: number;
  readonly updatedAt: number;
  readonly services: readonly string[];
  readonly text: string;
}

function incidentEntry({ id, title, incident, from, to, changedAt, reasons }: ListedIncident): Entry {
  const recovery = showRecovery(incident);
  return {
    id,
    title: to === null ? title : `${title}, and up again`,
    publishedAt: from,
    updatedAt: changedAt,
    services: incident.falls.map(({ service }) => service),
    text: `${showFall(incident)}; ${recovery === null ? 'not up again yet' : `${recovery}: ${reasons}`}.`,
  };
}

const NOTE_TITLES: Readonly<Record<NoteKind, string>> = {
  maintenance: 'Maintenance',
  incident: 'Incident',
  info: 'Note',
};

function noteEntry({ id, kind, at, from, to, services, text }: Note, monitor: string): Entry {
  const about = services.length === 0 ? 'all services' : list(services);
  const until = to === null ? '' : ` until ${isoTime(to)}`;
  return {
    id: uuidOf(monitor, 'note', id),
    title: `${NOTE_TITLES[kind]}: ${text}`,
    publishedAt: Math.min(from, at),
    updatedAt: at,
    services,
    text: `${text} (from ${isoTime(from)}${until}, ${about}).`,
  };
}

function entryXml({ id, title, publishedAt, updatedAt, services, text }: Entry): string {
  const categories = services.map((service) => `    <category term="${xmlText(service)}"/>\n`).join('');
  return `  <entry>
    <id>urn:uuid:${id}</id>
    <title>${xmlText(title)}</title>
    <published>${isoTime(publishedAt)}</published>
    <updated>${isoTime(updatedAt)}</updated>
    <link rel="alternate" type="text/html" href="./"/>
${categories}    <content type="text">${xmlText(text)}</content>
  </entry>
`;
}

/** Others' words, as the text of an element or of a quoted attribute. */
export function xmlText(words: string): string {
  return escapedXml(printable(words));
}
