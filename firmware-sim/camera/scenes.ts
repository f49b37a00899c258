/** What the simulated cameras look at: drawings of our own, 640 × 360. */
export const pictureSize = { width: 640, height: 360 };

export const sceneNames = ['gate', 'corridor', 'kitchen', 'playground', 'classroom'] as const;
export type SceneName = (typeof sceneNames)[number];

const { width, height } = pictureSize;

const bars = (count: number, draw: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => draw(i)).join('');

const drawings: Record<SceneName, string> = {
  gate: `<rect width="640" height="190" fill="#9fb8cf"/><rect y="190" width="640" height="170" fill="#7b7d78"/>
    <rect x="40" y="110" width="120" height="150" fill="#b5654a"/><rect x="60" y="140" width="36" height="40" fill="#dfe8ee"/>
    <rect x="112" y="150" width="34" height="110" fill="#4a3326"/><polygon points="30,110 100,70 170,110" fill="#5b2f25"/>
    ${bars(22, (i) => `<rect x="${185 + i * 15}" y="130" width="5" height="120" fill="#2f3438"/>`)}
    <rect x="180" y="126" width="335" height="9" fill="#20262a"/><rect x="520" y="90" width="34" height="175" fill="#c9c2b2"/>
    <circle cx="600" cy="120" r="46" fill="#3f6b3c"/><rect x="592" y="160" width="14" height="70" fill="#5a4430"/>
    ${bars(9, (i) => `<rect x="${200 + i * 40}" y="300" width="24" height="8" fill="#e8e4d8"/>`)}
    <polygon points="0,360 210,255 520,255 640,330 640,360" fill="#5f625f"/>
    ${bars(6, (i) => `<rect x="${230 + i * 50}" y="${280 + i * 3}" width="30" height="7" fill="#f0ecdf"/>`)}`,
  corridor: `<rect width="640" height="360" fill="#cfc8b8"/><polygon points="0,360 250,210 390,210 640,360" fill="#8c7f6a"/>
    <polygon points="0,0 250,120 390,120 640,0" fill="#e9e6dd"/><rect x="250" y="120" width="140" height="90" fill="#6f7f88"/>
    ${bars(4, (i) => `<polygon points="${30 + i * 55},${40 + i * 24} ${65 + i * 48},${52 + i * 20} ${65 + i * 48},${318 - i * 28} ${30 + i * 55},${340 - i * 30}" fill="#6b4a2f"/>`)}
    ${bars(4, (i) => `<polygon points="${610 - i * 55},${40 + i * 24} ${575 - i * 48},${52 + i * 20} ${575 - i * 48},${318 - i * 28} ${610 - i * 55},${340 - i * 30}" fill="#2f5570"/>`)}
    ${bars(5, (i) => `<rect x="${300 - i * 26}" y="${108 - i * 22}" width="${40 + i * 52}" height="6" fill="#fffdf0"/>`)}
    ${bars(7, (i) => `<line x1="${i * 107}" y1="360" x2="${265 + i * 18}" y2="210" stroke="#5e5444" stroke-width="3"/>`)}`,
  kitchen: `<rect width="640" height="360" fill="#d7dcdc"/>
    ${bars(16, (i) => bars(5, (j) => `<rect x="${i * 40 + 1}" y="${j * 30 + 1}" width="38" height="28" fill="${(i + j) % 2 ? '#eef2f2' : '#b9c6c8'}"/>`))}
    <rect y="170" width="640" height="70" fill="#8d9499"/><rect y="240" width="640" height="120" fill="#4d5257"/>
    ${bars(4, (i) => `<circle cx="${110 + i * 140}" cy="190" r="44" fill="#2c2f31"/><circle cx="${110 + i * 140}" cy="184" r="32" fill="#c4682b"/>`)}
    <rect x="60" y="20" width="520" height="46" fill="#71797e"/>${bars(13, (i) => `<rect x="${70 + i * 39}" y="30" width="28" height="26" fill="#43494d"/>`)}
    ${bars(9, (i) => `<rect x="${20 + i * 70}" y="262" width="50" height="80" fill="${i % 2 ? '#a9b0b4' : '#6b7378'}"/>`)}`,
  playground: `<rect width="640" height="120" fill="#a8c6dd"/><rect y="120" width="640" height="240" fill="#55803f"/>
    <ellipse cx="320" cy="250" rx="300" ry="90" fill="#a9492f"/><ellipse cx="320" cy="250" rx="210" ry="55" fill="#55803f"/>
    ${bars(4, (i) => `<ellipse cx="320" cy="250" rx="${225 + i * 20}" ry="${60 + i * 8}" fill="none" stroke="#efe9dc" stroke-width="2"/>`)}
    <rect x="30" y="50" width="220" height="80" fill="#c9b48f"/>${bars(8, (i) => `<rect x="${40 + i * 26}" y="64" width="15" height="20" fill="#37444c"/><rect x="${40 + i * 26}" y="98" width="15" height="20" fill="#37444c"/>`)}
    <rect x="420" y="60" width="8" height="120" fill="#d8d8d8"/><rect x="428" y="62" width="60" height="36" fill="#b5202a"/>
    ${bars(5, (i) => `<circle cx="${500 + i * 32}" cy="110" r="26" fill="#2f5b2d"/>`)}`,
  classroom: `<rect width="640" height="360" fill="#d9d2bf"/><rect x="150" y="40" width="340" height="120" fill="#1f4a3a"/>
    <rect x="144" y="34" width="352" height="132" fill="none" stroke="#7a5a36" stroke-width="8"/>
    ${bars(4, (i) => `<line x1="170" y1="${66 + i * 24}" x2="${330 + i * 40}" y2="${62 + i * 26}" stroke="#e8efe9" stroke-width="4"/>`)}
    ${bars(3, (j) => bars(5, (i) => `<rect x="${30 + i * 124 - j * 8}" y="${190 + j * 58}" width="${84 + j * 10}" height="16" fill="#8a5f35"/><rect x="${40 + i * 124 - j * 8}" y="${206 + j * 58}" width="10" height="30" fill="#3b3b3b"/><rect x="${98 + i * 124 - j * 8}" y="${206 + j * 58}" width="10" height="30" fill="#3b3b3b"/>`))}
    <rect x="20" y="40" width="90" height="110" fill="#bfe0f2"/><rect x="63" y="40" width="5" height="110" fill="#6b6b6b"/>`,
};

/** The scene as SVG. `moved`: as seen by a camera that somebody has turned. */
export function sceneSvg(name: SceneName, moved: boolean): Buffer {
  const turned = moved ? ' transform="translate(-190 150) rotate(-14) scale(1.45)"' : '';
  return svg(`<rect width="${width}" height="${height}" fill="#777"/><g${turned}>${drawings[name]}</g>`);
}

/** What moves: a clock on the wall, and somebody who walks by. */
export function movingSvg(wallMs: number): Buffer {
  const seconds = wallMs / 1000;
  const hand = (turns: number, length: number) => {
    const angle = turns * 2 * Math.PI;
    return `<line x1="590" y1="45" x2="${590 + length * Math.sin(angle)}" y2="${45 - length * Math.cos(angle)}" stroke="#111" stroke-width="3"/>`;
  };
  const walker = 40 + ((seconds * 24) % 560);
  return svg(
    `<circle cx="590" cy="45" r="32" fill="#fff"/>${hand(seconds / 60, 28)}${hand(seconds / 3600, 24)}${hand(seconds / 43_200, 16)}
     <circle cx="${walker}" cy="262" r="7" fill="#e0b48c"/><rect x="${walker - 8}" y="269" width="16" height="34" fill="#27408b"/>`,
  );
}

/** What a camera sees whose lens somebody has covered: cloth, near and out of focus. */
export const clothSvg = svg(
  `<defs><linearGradient id="c"><stop offset="0" stop-color="#5b5348"/><stop offset="1" stop-color="#665d51"/></linearGradient></defs><rect width="${width}" height="${height}" fill="url(#c)"/>`,
);

function svg(content: string): Buffer {
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${content}</svg>`,
  );
}
