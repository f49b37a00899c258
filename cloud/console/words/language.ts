import { useSyncExternalStore } from 'react';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { createPreference } from '../preference.ts';
import { en } from './en.ts';
import { zh } from './zh.ts';
import type { Words } from './zh.ts';

export type Language = 'zh' | 'en';

export const language = createPreference<Language>('belfry.language', ['zh', 'en'], 'zh');

const locales: Record<Language, string> = { zh: 'zh-CN', en: 'en-GB' };

/** One language, whole: its words, its figures, its dates in the browser's zone. */
export interface Speech {
  language: Language;
  words: Words;
  locale: string;
  of(text: Bilingual): string;
}

export const speeches: Record<Language, Speech> = {
  zh: { language: 'zh', words: zh, locale: locales.zh, of: (text) => text.zh },
  en: { language: 'en', words: en, locale: locales.en, of: (text) => text.en },
};

export function useSpeech(): Speech {
  return speeches[useSyncExternalStore(language.subscribe, language.get)];
}
