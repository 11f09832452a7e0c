/** The script of an HTML report: reads its data, and shows the timelines. */
import { decodeProbes } from '../probe-encoding.ts';
import type { ProbeColumns } from '../probe-record.ts';
import type { ViewerData } from '../viewer-data.ts';
import { make } from './elements.ts';
import { Viewer } from './viewer.ts';

/** The single probes; none where this browser can't unpack them. */
async function probesOf(data: ViewerData): Promise<ProbeColumns[]> {
  const packed = Uint8Array.from(atob(document.getElementById('probes')?.textContent ?? ''), (char) =>
    char.charCodeAt(0),
  );
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return decodeProbes(new Uint8Array(await new Response(unpacked).arrayBuffer()), data.rows);
}

async function begin(section: HTMLElement): Promise<void> {
  const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as ViewerData;
  let columns: readonly ProbeColumns[] = [];
  try {
    columns = await probesOf(data);
  } catch {
    section.append(
      make(
        'p',
        'soft',
        'This browser can not unpack the single probes (DecompressionStream): states and gaps are shown.',
      ),
    );
  }
  const viewer = new Viewer(section, data, columns);
  document.addEventListener('click', ({ target }) => {
    const link = target instanceof Element ? target.closest<HTMLElement>('button[data-row]') : null;
    if (link === null) return;
    const { row, from, to } = link.dataset;
    viewer.show(Number(row), { from: Number(from), to: Number(to) });
  });
  for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)'])
    matchMedia(query).addEventListener('change', () => {
      viewer.restyle();
    });
  addEventListener('beforeprint', () => {
    viewer.print(true);
  });
  addEventListener('afterprint', () => {
    viewer.print(false);
  });
  document.body.dataset['live'] = 'true';
}

const section = document.getElementById('timelines');
if (section !== null) void begin(section);
