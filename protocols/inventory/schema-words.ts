import { z } from 'zod';

/** What our own schemas say, in Chinese; all else has zod's words. */
export const ownWords: Record<string, string> = {
  'use 1 to 64 of a-z, 0-9 and inner hyphens': '请用 1 到 64 个 a-z、0-9 和中间的连字符',
  'expected gateway/device': '应为 网关/设备',
  'expected a day as in 2026-09-01': '应为日期，如 2026-09-01',
  'expected a time of day as in 07:20': '应为时刻，如 07:20',
  'a polygon has at least three corners': '多边形至少有三个角点',
  'a camera needs its horizontal angle, degrees': '摄像机要写明水平视角（度）',
  'expected the name of a time zone, as in Asia/Shanghai': '应为时区名称，如 Asia/Shanghai',
};

const { localeError } = z.locales.zhCN();

/** What an issue says, in Chinese. */
export function inChinese(issue: z.core.$ZodIssue): string {
  const own = ownWords[issue.message];
  if (own !== undefined) return own;
  const said = localeError(issue as z.core.$ZodRawIssue);
  return (typeof said === 'string' ? said : said?.message) ?? issue.message;
}
