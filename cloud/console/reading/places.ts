import type { ApiAlarm, ApiCentre, ApiDevice } from '#protocols/api.ts';
import type { Speech } from '../words/language.ts';

type Place = ApiAlarm['place'];

/** What people call a device; its id only where nobody gave it a name. */
export function deviceName(place: Place, speech: Speech): string {
  return place.device_name ? speech.of(place.device_name) : place.device;
}

export function campusName(place: Place, speech: Speech): string {
  return place.campus_name ? speech.of(place.campus_name) : place.campus;
}

/** What people call a centre; nobody is told its id where it is the one that matters. */
export function centreName(centre: Pick<ApiCentre, 'id' | 'name' | 'primary'>, speech: Speech): string {
  if (centre.name) return speech.of(centre.name);
  return centre.primary ? speech.words.primaryCentre : centre.id;
}

/** Campus and point, as one says it. */
export function placeName(place: Place, speech: Speech): string {
  return `${campusName(place, speech)} · ${deviceName(place, speech)}`;
}

export function kindWord(kind: ApiDevice['kind'], { words }: Speech): string {
  switch (kind) {
    case 'button':
      return words.button;
    case 'camera':
      return words.camera;
    case 'smoke':
      return words.smokeDetector;
    case 'direct-path':
      return words.directPath;
    case 'heat':
      return words.heatDetector;
    case 'gas':
      return words.gasDetector;
    case 'carbon-monoxide':
      return words.coDetector;
    case 'electrical':
      return words.electricalMonitor;
    case 'water':
      return words.waterSensor;
    case 'input':
      return words.contactInput;
    case 'panel':
      return words.alarmPanel;
    case 'fire-panel':
      return words.firePanel;
    case 'gate':
      return words.gate;
    case 'barrier':
      return words.barrier;
    case 'turnstile':
      return words.turnstile;
    case 'card-reader':
      return words.cardReader;
    case 'sensor':
      return words.sensor;
    case 'ups':
      return words.ups;
    case 'gateway':
      return words.gatewayDevice;
    case null:
      return words.otherDevice;
  }
}

export function typeWord(type: ApiAlarm['type'], { words }: Speech): string {
  switch (type) {
    case 'press':
      return words.press;
    case 'long-press':
      return words.longPress;
    case 'second-press':
      return words.secondPress;
    case 'test':
      return words.testSignal;
    case 'smoke':
      return words.smoke;
    case 'duress':
      return words.duress;
    case 'sum':
      return words.summed;
    case 'probe':
      return words.probeSignal;
    case 'panel':
      return words.panelAlarm;
    case 'fire':
      return words.fireAlarm;
    case 'heat':
      return words.heatAlarm;
    case 'gas':
      return words.gasAlarm;
    case 'carbon-monoxide':
      return words.coAlarm;
    case 'call-point':
      return words.callPoint;
    case 'intrusion':
      return words.intrusion;
    case 'tamper':
      return words.tamperAlarm;
    case 'water':
      return words.waterAlarm;
  }
}
