"""What invented people say: topics in their own languages, what a group took from them, notes and feedback. All of it made up."""

# (language, words, minutes, what the group took from it)
TOPICS = (
    ("en", "What test strips cost", 15, "Two people get them cheaper by mail. Ana from the front desk will help with the form."),
    ("en", "Cooking for a family that wants white rice", 15, "Half rice, half beans works for three of us. Serve the vegetables first."),
    ("en", "Walking when my knees hurt", 10, "Short walks after meals, and the pool at the community centre is free on Thursdays."),
    ("en", "What to do when I forget my evening tablet", 10, "A box for the week by the toothbrush. Do not take two the next morning; call us."),
    (
        "en",
        "Why is my sugar high in the morning when I have not eaten?",
        15,
        "The body makes sugar in the early morning. Three people will try a walk after dinner.",
    ),
    ("en", "Can I fast before church?", 10, "Talk to your clinician before the next one; two people changed their times safely."),
    ("en", "How do you stay calm when the number is bad?", 15, "One number is not the whole month. Write down what happened the day before."),
    ("en", "Sleeping badly and eating at night", 10, "Move the last coffee to noon. A small supper with protein helped two of us."),
    ("en", "My feet feel numb, is that the sugar?", 10, "Tell us at the one-on-one each time. Check feet every evening with a hand mirror."),
    ("en", "Telling my family that I need help", 15, "Ask for one small thing, such as walking with you twice a week."),
    ("en", "Which bread is all right?", 10, "Look at the label: whole grain first, and no more than two slices."),
    ("en", "Eating at work with no kitchen", 10, "Boiled eggs, beans in a jar, fruit. A cooler bag keeps till lunch."),
    ("en", "What happens if I stop the insulin?", 15, "Never alone. Everybody who wants less insulin makes a plan with their clinician first."),
    ("en", "Bus is late and I miss my lunch", 5, "Keep something small in the bag. Three people showed what they carry."),
    ("en", "Going to a wedding without ruining it", 10, "Eat before you go, choose the dance over the second plate."),
    ("es", "¿Por qué me sube el azúcar cuando estoy nerviosa?", 10, "El cuerpo responde al susto. Respirar despacio y caminar un poco nos ayuda a varias."),
    ("es", "Tortillas: ¿maíz o harina?", 10, "De maíz, dos por comida, y primero la ensalada."),
    ("es", "Me da pena inyectarme en el trabajo", 10, "Dos personas hablaron con su jefe y ahora tienen un lugar tranquilo."),
    ("pt", "Posso comer fruta à noite?", 10, "Uma fruta pequena, com um pouco de queijo. Banana madura não."),
    ("pt", "Os remédios me dão enjoo", 10, "Tomar com comida, e avisar no atendimento individual se continuar."),
    ("ht", "Ki sa pou m manje nan maten?", 10, "Ze, zaboka ak yon ti moso pen konplè. Pa sote manje maten."),
    ("ht", "Èske mwen ka bwè te fèy ak medikaman yo?", 10, "Di nou ki fèy. Gen kèk ki pa mache ak medikaman yo."),
    ("en", "How to read my lab letter", 15, "We went through one made-up letter together. Bring yours to the one-on-one."),
    ("en", "Snacks my grandchildren leave around", 5, "A high shelf and a bowl of nuts where the cookies were."),
    ("en", "I am tired of being the sick one", 15, "Four people feel the same. We start the next visit with something that went well."),
    ("en", "Does walking count if it is slow?", 5, "Yes. Ten minutes three times a day counts as much as half an hour."),
    ("en", "Shoes that do not rub", 5, "Buy them in the afternoon; break them in at home, half an hour a day."),
    ("en", "What do I do on sick days?", 15, "Keep drinking, keep testing, call us the same day. Sheets are on the table."),
)

ALONE = (
    "Something I want to ask alone",
    "I stopped one of my tablets and did not tell anybody",
    "Money is short this month",
    "A question about my marriage",
    "I have been very low lately",
)

# What two ask alike, and the topic it is joined to; a topic, and somebody's words for it in another language; words of the clinic's list.
JOINED = ("Everybody at home wants rice. What do I cook?", "Cooking for a family that wants white rice")
TRANSLATED = ("What test strips cost", "es", "Lo que cuestan las tiras reactivas")
ALARMING = "I have chest pain when I climb the stairs"

# Parts that make a note; no two people get the same combination in one visit.
PATIENT_SEES = ("Mornings are high and I do not know why.", "I sleep better since I walk.", "I forgot my tablets three times.", "My knees stop me.", "I eat late after work.",
                "The new glasses help me read the labels.", "I was scared by one bad number.", "It is going all right, better than last month.")  # fmt: skip
CLINICIAN_SEES = ("Fasting {low} to {high} on {days} of 7 days.", "No lows at night. {days} readings a week.", "Weight steady. Feet checked, skin whole.",
                  "Readings {low} to {high} before breakfast.", "Takes tablets {days} days of 7.")  # fmt: skip
PATIENT_CHOOSES = (
    "I do not want another pill yet.",
    "I want to try walking first.",
    "I would like the smaller dose.",
    "I will keep going as it is.",
    "I want to cook differently.",
)
CLINICIAN_CHOOSES = ("Agreed: no new medicine for {weeks} weeks.", "Agreed: half the evening dose, look again in {weeks} weeks.", "Agreed: same plan for {weeks} weeks, then the lab.",
                     "Offered a dietitian visit within {weeks} weeks; accepted.")  # fmt: skip
PLANS = (("Walk 15 minutes after dinner", "Monday, Wednesday and Friday"), ("Boil eggs for lunch on Sunday", "Every Sunday"), ("Put tablets by the toothbrush", "Every evening"),
         ("Walk to the bus stop after mine", "Every work day"), ("Check my feet with the mirror", "Every evening"), ("Rice only at noon", "Five days a week"),
         ("Call my sister when I feel low", "When it happens"))  # fmt: skip
CLINICIAN_PLANS = ("Realistic. What may stand in the way: rain. Then: walk in the hallway.", "Small enough to keep. Asks a neighbour to join.", "Starts tomorrow; a calendar on the fridge.",
                   "Discussed what to do after a bad week: start again the next day.")  # fmt: skip
PATIENT_DELIVERS = (
    "My daughter walks with me.",
    "I will ask my neighbour.",
    "I do it alone, that is better.",
    "My husband puts the box out.",
    "The group asks me next time.",
)
CLINICIAN_DELIVERS = (
    "Team: refills within {day} days. Patient: {times} times a week.",
    "Team: calls in {weeks} weeks. Patient: writes down mornings.",
    "Patient: {times} times a week. Peer: none yet.",
)

ONE_THING_TO_CHANGE = (
    "More time for questions at the end.",
    "The room was cold.",
    "Please start on time, my bus leaves at eight.",
    "Say names at the beginning, I forget them.",
    "Nothing, it was good.",
    "Larger letters on the papers.",
    "I would like the recipes to take home.",
    "Less talk from the staff, more from us.",
    "A quieter place for the one-on-one.",
    "Bring the cook again.",
)

REHEARSAL_TOPICS = (
    "Is brown sugar better than white?",
    "What do you do when the meter shows an error?",
    "How do I say no to my aunt's cake?",
    "Can I travel with insulin?",
    "Exercise on the chair, who knows some?",
    "Bebidas sin azúcar: ¿cuáles son buenas?",
    "Does coffee raise the sugar?",
    "Who wants to walk together on Saturday?",
    "Vale a pena comprar o pão integral?",
    "Kijan nou jwenn medikaman mwen chè?",
    "My feet burn at night. Does anybody else know that?",
    "How do you count the rice on a plate?",
    "What does a low feel like for you?",
    "I am afraid of the needle. How did you start?",
    "¿Cómo le explico a mi familia que no como pan?",
    "¿Qué hago si olvido una pastilla?",
    "What is a good shoe for walking?",
    "Where are test strips cheap?",
    "Posso comer banana todo dia?",
    "How do you sleep when you worry about the numbers?",
    "Ki sa mwen ka manje nan yon fèt?",
    "Who has a recipe for beans without sugar?",
    "Can we meet in the park in summer?",
    "How long does a meter last?",
)

# What everybody signs, by language; invented, like everything here. No translation of it has been reviewed.
AGREEMENT = {
    "en": "What is said in the room stays in the room.\n\nYou can talk, or just listen. You can leave whenever you want to.\n\nYour visit with the clinician is yours alone.",
    "es": "Lo que se dice en la sala se queda en la sala.\n\nPuede hablar, o solo escuchar. Puede irse cuando quiera.\n\nSu consulta con el médico es solo suya.",
    "pt": "O que se diz na sala fica na sala.\n\nPode falar, ou só ouvir. Pode sair quando quiser.\n\nA sua consulta individual é só sua.",
    "ht": "Sa ki di nan sal la rete nan sal la.\n\nOu ka pale, oswa koute sèlman. Ou ka ale lè ou vle.\n\nVizit ou ak doktè a se pou ou sèl.",
}

# "What matters to you?", a goal, a concern and whom it is for.
FORMS = (
    ("Dancing at my granddaughter's wedding in June.", "Walk to the church and back.", "Which shoes do you all wear?", "group"),
    ("Cooking for my family without two pots.", "One meal for everybody.", "Rice again: how much is a cup, really?", "group"),
    ("Sleeping through the night.", "", "I get up four times and I am tired of it", "one_on_one"),
)
