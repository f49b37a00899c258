import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { DeviceHealth } from '#protocols/messages/state.ts';
import type { Readings } from './readings.ts';

/** Beyond these a person should look at the machine. */
export interface Limits {
  disk_free_percent: number;
  temperature_c: number;
  memory_percent: number;
}

/** What is wrong with the machine, in a technician's words; good when nothing that could be read is. */
export function verdict(readings: Partial<Readings>, disk: string, limits: Limits): DeviceHealth {
  const wrong = complaints(readings, disk, limits);
  if (wrong.length === 0) return { state: 'good' };
  return {
    state: 'fault',
    reason: { zh: wrong.map((w) => w.zh).join(' '), en: wrong.map((w) => w.en).join(' ') },
  };
}

function complaints(readings: Partial<Readings>, disk: string, limits: Limits): Bilingual[] {
  const { diskFreePercent: free, temperatureC: hot, memoryPercent: memory, battery } = readings;
  const found: Bilingual[] = [];
  if (battery && !battery.onMains) {
    const left = Math.round(battery.percent);
    found.push({
      zh: `网关市电中断，正在使用电池（剩余 ${left}%）：请检查供电。`,
      en: `The gateway has no mains and runs on its battery (${left} % left): check its supply.`,
    });
  }
  if (free !== undefined && free < limits.disk_free_percent) {
    found.push({
      zh: `网关磁盘 ${disk} 仅剩 ${free.toFixed(1)}% 空间：请清理或更换更大的磁盘。`,
      en: `The gateway's disk ${disk} has ${free.toFixed(1)} % left: make room, or fit a larger one.`,
    });
  }
  if (typeof hot === 'number' && hot > limits.temperature_c) {
    found.push({
      zh: `网关处理器温度 ${Math.round(hot)} °C：请检查通风、风扇和机箱位置。`,
      en: `The gateway's processor is at ${Math.round(hot)} °C: check its fan, its vents and where it stands.`,
    });
  }
  if (memory !== undefined && memory > limits.memory_percent) {
    found.push({
      zh: `网关内存已用 ${Math.round(memory)}%：请检查是否有其他程序占用内存。`,
      en: `The gateway's memory is ${Math.round(memory)} % used: look for other programs that take it.`,
    });
  }
  if (readings.clockSynchronised === false) {
    found.push({
      zh: '网关时钟未与时间服务器同步：请检查 NTP 设置。报警时间不受影响（按云端时钟换算）。',
      en: "The gateway's clock is not synchronised: check NTP. Alarms keep the right time, which is the cloud's.",
    });
  }
  return found;
}
