import { useSyncExternalStore } from 'react';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { createPreference } from '../preference.ts';
import { en } from './en.ts';
import { zh } from './zh.ts';
import type { Words } from './zh.ts';

export type Language = 'zh' | 'en';

/** The first of a browser's languages that this page speaks; Chinese where it speaks none. */
export function languageOf(tags: readonly string[]): Language {
  const spoken = tags.map((tag) => tag.toLowerCase().split('-')[0]);
  return (
    (['zh', 'en'] as const).find((one) => one === spoken.find((tag) => tag === 'zh' || tag === 'en')) ?? 'zh'
  );
}

export const language = createPreference<Language>(
  'belfry.language',
  ['zh', 'en'],
  languageOf(navigator.languages),
);

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
