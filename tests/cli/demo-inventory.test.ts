import { expect, it } from 'vitest';
import { demoInventory } from '#cli/demo-inventory.ts';
import { joinFiles } from '#protocols/inventory/inventory-files.ts';

it('the inventory of the demo campus has no mistake, with few buttons and with many', () => {
  for (const count of [1, 6, 30]) {
    const buttons = Array.from({ length: count }, (_, i) => ({
      id: ['north-gate', 'canteen'][i] ?? `button-${i}`,
    }));
    const cameras = ['north-gate-camera', 'kitchen-camera', 'playground-camera'].map((id) => ({ id }));
    const value = demoInventory({ buttons, cameras, sensors: [] } as never, {
      campus: 'demo',
      gateway: 'gw',
    });
    const { city, complaints } = joinFiles([{ file: 'demo.yaml', value }]);
    expect(complaints).toBeNull();
    expect(city!.campuses).toHaveLength(1);
  }
});
