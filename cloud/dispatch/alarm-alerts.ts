import type { AlertText } from '../alerts/alerts.ts';

/** What `alarm-undelivered` is about: the alarm for the primary centre, the alarm at a centre for any other. */
export function undeliveredSubject(alarm: string, centre: { id: string; primary: boolean }): string {
  return centre.primary ? alarm : `${alarm}@${centre.id}`;
}

export function undelivered(alarm: string, centre: { id: string; primary: boolean }): AlertText {
  return {
    code: 'alarm-undelivered',
    severity: centre.primary ? 'critical' : 'warning',
    subject: undeliveredSubject(alarm, centre),
    text: {
      zh: `报警 ${alarm} 尚未得到接警中心 ${centre.id} 的确认，仍在继续发送。请立即用电话报警。`,
      en: `Alarm ${alarm} has not been acknowledged by centre ${centre.id}; sending goes on. Call them by telephone now.`,
    },
  };
}

export function late(alarm: string): AlertText {
  return {
    code: 'alarm-late',
    severity: 'critical',
    subject: alarm,
    text: {
      zh: `报警 ${alarm} 在按下五分钟之后才送达接警中心，请核实现场情况。`,
      en: `Alarm ${alarm} reached the centre more than five minutes after the press: check what is happening there.`,
    },
  };
}

export function refusedByDoor(centre: string, door: string, reason: string): AlertText {
  return {
    code: 'centre-refused',
    severity: 'critical',
    subject: `${centre}/${door}`,
    text: {
      zh: `接警中心 ${centre} 的通道 ${door} 拒收报警：${reason}`,
      en: `Door ${door} of centre ${centre} refuses alarms: ${reason}`,
    },
  };
}
