import { columns } from './adapters.ts';
import { judge } from './judge.ts';
import { nameOf } from './probe.ts';
import { chat } from './chat.ts';
const dialects: any[] = [chat];
for (const m of ['messages','responses','gemini']) { try { dialects.push((await import(`./${m}.ts`))[m]); } catch (e) { console.log(m, String(e).slice(0, 200)); } }
const only = process.argv[2];
for (const d of dialects) { if (only && !d.title.includes(only)) continue;
  console.log('##', d.title);
  for (const native of d.native.length ? [false, true] : [false]) {
  console.log('native', native);
  for (const p of d.probes) {
    const row = columns.map((c) => { try { return judge(d, c, p, native)[0] === 'l' ? judge(d, c, p, native).slice(0,2).toUpperCase() : judge(d, c, p, native)[0]; } catch (e) { return '!' + String((e as Error).message + ((e as any).cause?.message ?? '')).slice(0, 150); } });
    if (row.some((x) => x === 'LO' || x.startsWith('!')) || process.argv[3]) console.log(nameOf(p).padEnd(45), new Set(row.filter((x) => x.startsWith('!'))).size ? [...new Set(row)].join(' | ') : row.map((x) => x.padEnd(3)).join(' '));
  } }
}
