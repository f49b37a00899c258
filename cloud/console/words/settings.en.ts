import type { settingsZh } from './settings.zh.ts';
import type { Words } from './zh.ts';

export const settingsEn: Pick<Words, keyof typeof settingsZh> = {
  settingsPage: 'Settings',
  settingsSaid: 'Channels of notification and accounts',
  settingsNothing: 'Your role has nothing to set here.',
  channelsTitle: 'Channels of notification',
  channelsEmpty: 'There is no channel. Add one in the file of the cloud.',
  channelTest: 'Send a test',
  channelTook: (answer, time) => `The other side answered: ${answer} (${time})`,
  channelFailed: (answer) => `It did not arrive: ${answer}`,
  accountsTitle: 'Accounts',
  accountsEmpty: 'There is no account yet that you look after.',
  accountDisabled: 'disabled',
  accountDisable: 'Disable',
  accountEnable: 'Enable',
  accountLink: 'Link for a new password',
  accountLinkOnce: (name) => `The link for ${name}, shown this once; it works once within 24 hours:`,
  resetTitle: 'A new password',
  resetSet: 'Set the password',
};
