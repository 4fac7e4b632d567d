// Whether the clinic still takes topics after the close: the server says until when.

export const takesLate = (room) => room.run.state === "closed" && room.now() <= new Date(room.run.takes_topics_until);
