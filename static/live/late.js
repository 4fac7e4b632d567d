// How long the clinic takes topics after the close (agenda.rules.LATE_TOPICS).

const FOR_A_DAY = 24 * 3600 * 1000;

export const takesLate = (room) => room.run.state === "closed" && room.now() - new Date(room.run.closed_at) <= FOR_A_DAY;
