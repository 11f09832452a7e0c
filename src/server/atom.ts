/** Incidents as an Atom feed (RFC 4287), for feed readers and chat programs. Its addresses are relative to its own. */
import { showFall, showRecovery } from '../core/incidents.ts';
import { VERSION } from '../core/version.ts';
import type { MonitorIdentity } from '../core/messages.ts';
import { printable } from '../core/printable.ts';
import { type ListedIncident, uuidOf } from './incident-list.ts';

/**
 * @param identity as the client may see it
 * @param incidents the newest first
 */
export function atom(identity: MonitorIdentity, incidents: readonly ListedIncident[]): string {
  const title = identity.vantage === '' ? 'gapwatch' : `gapwatch at ${identity.vantage}`;
  const changedAt = Math.max(identity.startedAt, ...incidents.map((one) => one.changedAt));
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>urn:uuid:${uuidOf(identity.id, 'incidents')}</id>
  <title>${xmlText(title)}</title>
  <updated>${iso(changedAt)}</updated>
  <author><name>gapwatch</name></author>
  <generator version="${VERSION}">gapwatch</generator>
  <link rel="self" type="application/atom+xml" href="feed.atom"/>
  <link rel="alternate" type="text/html" href="./"/>
${incidents.map(entry).join('')}</feed>
`;
}

function entry({ id, title, incident, from, to, changedAt, reasons }: ListedIncident): string {
  const recovery = showRecovery(incident);
  const text = `${showFall(incident)}; ${recovery === null ? 'not up again yet' : `${recovery}: ${reasons}`}.`;
  const categories = incident.falls.map(({ service }) => `    <category term="${xmlText(service)}"/>\n`).join('');
  return `  <entry>
    <id>urn:uuid:${id}</id>
    <title>${xmlText(to === null ? title : `${title}, and up again`)}</title>
    <published>${iso(from)}</published>
    <updated>${iso(changedAt)}</updated>
    <link rel="alternate" type="text/html" href="./"/>
${categories}    <content type="text">${xmlText(text)}</content>
  </entry>
`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Others' words, as the text of an element or of a quoted attribute. */
export function xmlText(words: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
  return printable(words).replace(/[&<>"']/g, (char) => entities[char] ?? char);
}
