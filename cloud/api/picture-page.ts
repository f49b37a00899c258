import type { ApiPicture } from '#protocols/api-pictures.ts';
import type { PictureLink } from '#protocols/pictures.ts';

/** A link as it was asked for. */
export type Asked = PictureLink & { signature: string };

/** The pages behind a link, for an officer's browser: plain, in both languages, without script or style. */
export function wordsPage(zh: string, en: string, more = ''): string {
  return `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">${more}
<title>现场图片 · Pictures</title>
</head>
<body>
<p>${zh}</p>
<p lang="en">${en}</p>
</body>
</html>
`;
}

/** Asks again by itself. */
export function notYetPage(afterS: number): string {
  return wordsPage(
    `图片还没有到。页面每 ${afterS} 秒自动刷新；警情本身不受影响。`,
    `The picture is not there yet. This page asks again every ${afterS} s; the alarm does not wait for it.`,
    `\n<meta http-equiv="refresh" content="${afterS}">`,
  );
}

/** All shots of the camera at the alarm. Does not refresh: each look at a picture is logged. */
export function picturesPage(url: string, shots: readonly ApiPicture[]): string {
  const figures = shots.map(({ n, width, height, taken_at }) => {
    const at = escaped(`${url}&n=${n}`);
    const time = new Intl.DateTimeFormat('zh-CN', {
      timeZone: 'Asia/Shanghai',
      dateStyle: 'short',
      timeStyle: 'medium',
    }).format(taken_at);
    return `<figure>
<img src="${at}" width="${width}" height="${height}" alt="${n}">
<figcaption><time datetime="${new Date(taken_at).toISOString()}">${time}</time></figcaption>
</figure>`;
  });
  return wordsPage(
    '现场图片。涉及未成年人，仅供处警使用；每次查看均有记录。',
    'Pictures of the place. They show minors: for police use only. Each look at them is logged.',
  ).replace('</body>', () => `${figures.join('\n')}\n</body>`);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
