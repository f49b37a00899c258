import type { MonthlyReport } from '#protocols/api-four-hundred.ts';
import { type Answer, type Item, items, type Level, levels } from '#protocols/four-hundred/answer.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';

type Language = keyof Bilingual;

const itemNames: Record<Item, Bilingual> = {
  guards: { zh: '专职保安', en: 'Guards' },
  'closed-campus': { zh: '封闭化管理', en: 'Closed campus' },
  'one-key-video': { zh: '一键报警与视频', en: 'One-key alarm and video' },
  'crossing-post': { zh: '护学岗', en: 'Crossing post' },
};
const levelNames: Record<Level, Bilingual> = {
  present: { zh: '有', en: 'Present' },
  working: { zh: '管用', en: 'Working' },
  usable: { zh: '好用', en: 'Usable' },
};
const answerNames: Record<Answer, Bilingual> = {
  yes: { zh: '是', en: 'yes' },
  no: { zh: '否', en: 'no' },
  unknown: { zh: '未知', en: 'unknown' },
  'not-measured': { zh: '未测量', en: 'not measured' },
  maintenance: { zh: '维护中', en: 'in maintenance' },
};

/** The look of a report on screen and on paper: a file of its own, as the policy of the pages wants it. */
export const reportStyle = `
body { font: 11pt/1.5 "Noto Sans CJK SC", "Microsoft YaHei", system-ui, sans-serif; color: #111; max-width: 190mm; margin: 10mm auto; padding: 0 5mm; }
h1 { font-size: 18pt; margin: 0 0 2mm; }
h2 { font-size: 13pt; margin: 8mm 0 2mm; break-after: avoid; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 0.3mm solid #777; padding: 1.5mm 2mm; text-align: left; vertical-align: top; }
tr { break-inside: avoid; }
thead { display: table-header-group; }
.no { font-weight: bold; }
.made, .note { color: #444; font-size: 9pt; }
@page { size: A4; margin: 15mm; }
@media print { body { margin: 0; padding: 0; max-width: none; } a { display: none; } }
`;

/** The monthly picture as a page that prints on A4. Without script; every text in it is escaped. */
export function reportPage(report: MonthlyReport, id: number, language: Language): string {
  const say = (zh: string, en: string) => escaped(language === 'zh' ? zh : en);
  const of = (text: Bilingual) => escaped(text[language]);
  const { campus, name, month, verdict, cells, counties, repairs } = report;
  const title = `${escaped(name?.[language] ?? campus ?? report.city)} · ${month} · ${say('四个100%', 'The four 100 %')}`;
  const other = language === 'zh' ? 'en' : 'zh';
  const cellOf = (item: Item, level: Level) =>
    cells.find((cell) => cell.item === item && cell.level === level)!;
  const rows = items.map((item) => {
    const shown = levels.map((level) => {
      const { answer, percent, yes, of: all, time_yes_percent: time } = cellOf(item, level);
      const figure =
        answer === null
          ? `${percentText(percent)} <span class="note">(${yes}/${all} ${say('所学校', 'campuses')})</span>`
          : `<span class="${answer}">${of(answerNames[answer])}</span> <span class="note">(${yes}/${all})</span>`;
      return `<td>${figure}<br><span class="note">${say('本月达标时间', 'of the month')}: ${percentText(time)}</span></td>`;
    });
    return `<tr><th scope="row">${of(itemNames[item])}</th>${shown.join('')}</tr>`;
  });
  const head = levels.map((level) => `<th scope="col">${of(levelNames[level])}</th>`).join('');
  const countyRows = counties.map(
    ({ county, name, cells }) =>
      `<tr><th scope="row">${escaped(name?.[language] ?? county)}</th>${items
        .map((item) => {
          const usable = cells.find((cell) => cell.item === item && cell.level === 'usable')!;
          return `<td>${percentText(usable.percent)} <span class="note">(${usable.yes}/${usable.of})</span></td>`;
        })
        .join('')}</tr>`,
  );
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/reports/style.css">
</head>
<body>
<h1>${title}</h1>
<p class="made">${say('截至', 'As at')} ${timeText(verdict.moment)} · ${say('依据当时所知', 'as known on')} ${timeText(verdict.as_of)}${
    verdict.revision === null ? '' : ` · ${say('第', 'revision ')}${verdict.revision}${say('版', '')}`
  } · ${say('规则', 'rules')} ${escaped(verdict.rules)} · ${say('报告', 'report')} ${id}
<a href="/reports/${id}?lang=${other}">${other === 'en' ? 'English' : '中文'}</a></p>
<table><thead><tr><td></td>${head}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
<p class="note">${say(
    '未知与未测量都不算达标。未测量是钟楼自身没有运行的时间，不是学校的责任。时间均为北京时间。',
    'What is unknown or was not measured does not count as yes. Not measured is time in which Belfry itself did not run, and no failure of a school. Times are China Standard Time.',
  )}</p>
${
  counties.length === 0
    ? ''
    : `<h2>${say('各区县（好用）', 'Counties (usable)')}</h2>
<table><thead><tr><td></td>${items.map((item) => `<th scope="col">${of(itemNames[item])}</th>`).join('')}</tr></thead><tbody>
${countyRows.join('\n')}
</tbody></table>`
}
<h2>${say('达到 100% 还需要', 'What would lift it to 100 %')}</h2>
${
  repairs.length === 0
    ? `<p>${say('没有。', 'Nothing.')}</p>`
    : `<table><thead><tr><th scope="col">${say('对象', 'What')}</th><th scope="col">${say('问题', 'What is wrong')}</th><th scope="col">${say('影响', 'Parts')}</th></tr></thead><tbody>
${repairs.map(({ subject, text, parts }) => `<tr><td>${escaped(typeof subject === 'string' ? subject : subject[language])}</td><td>${of(text)}</td><td>${parts}</td></tr>`).join('\n')}
</tbody></table>`
}
${report.repairs_left === 0 ? '' : `<p class="note">${say('另有', 'And')} ${report.repairs_left} ${say('项。', 'more.')}</p>`}
</body>
</html>
`;
}

function percentText(percent: number | null): string {
  return percent === null ? '–' : `${(Math.floor(percent * 10) / 10).toFixed(1)} %`;
}

function timeText(at: number): string {
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
