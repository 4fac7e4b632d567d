// Letting in a phone that waits with a number.

function admit({ room, ui }, element) {
  const id = element.dataset.guest;
  const seat = document.getElementById(`seat-${id}`);
  if (!seat.value) {
    ui.guestErrors.add(id);
    seat.focus();
    return;
  }
  ui.guestErrors.delete(id);
  room.do("live:admit", { guest_id: id, seat_id: seat.value });
}

export const doorActs = (kit) => ({
  admit: (element) => admit(kit, element),
  tell: (element) => kit.room.do("slots:tell", { slot_id: element.dataset.slot }),
});
