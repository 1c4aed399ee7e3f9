"""What customers write, in six languages, with the intent each text has. Pure.

`{article}` is the title or SKU of a line, `{number}` the order's. They were written for this test
alone: none of them is among the examples the desk learns from.
"""

from apps.agents.playbooks.refund_desk.intents import Intent

Texts = dict[str, tuple[str, ...]]

DAMAGED: Texts = {
    "en": ("Unboxed my parcel today and the {article} has a big crack down one side. It is useless "
           "like this.", "The {article} from order {number} does not switch on, it is defective."),
    "de": ("Beim Auspacken habe ich gesehen, dass {article} einen tiefen Riss hat. So kann ich das "
           "nicht gebrauchen.", "{article} aus Bestellung {number} ist leider defekt, es geht "
           "gar nichts."),
    "fr": ("En ouvrant le colis j'ai vu que l'article {article} était fendu sur tout un côté, il "
           "est inutilisable.", "L'article {article} de ma commande {number} est arrivé cassé."),
    "es": ("Al abrir el paquete vi que {article} tiene una grieta enorme, así no me sirve.",
           "El artículo {article} de mi pedido {number} llegó roto."),
    "it": ("Aprendo il pacco ho visto che {article} ha una grossa crepa, così è inutilizzabile.",
           "L'articolo {article} del mio ordine {number} è arrivato rotto."),
    "nl": ("Bij het uitpakken zag ik dat {article} een grote barst heeft, zo kan ik er niets mee.",
           "Het artikel {article} uit bestelling {number} is kapot aangekomen."),
}  # fmt: skip
MONEY_BACK: Texts = {
    "en": ("I do not like the {article} after all. Please give me my money back for it.",
           "I am not satisfied with {article} (order {number}) and would like a refund."),
    "de": ("{article} gefällt mir doch nicht. Bitte erstatten Sie mir den Kaufpreis.",
           "Mit {article} aus Bestellung {number} bin ich nicht zufrieden und möchte mein Geld "
           "zurück."),
    "fr": ("L'article {article} ne me plaît finalement pas. Merci de me rembourser.",
           "Je ne suis pas satisfait de {article} (commande {number}) et souhaite un "
           "remboursement."),
    "es": ("Al final no me gusta {article}. Por favor, devuélvanme el dinero.",
           "No estoy satisfecho con {article} (pedido {number}) y quiero un reembolso."),
    "it": ("Alla fine {article} non mi piace. Vi chiedo il rimborso.",
           "Non sono soddisfatto di {article} (ordine {number}) e vorrei indietro i miei soldi."),
    "nl": ("{article} bevalt me toch niet. Graag mijn geld terug.",
           "Ik ben niet tevreden over {article} (bestelling {number}) en wil een terugbetaling."),
}  # fmt: skip
LATE: Texts = {
    "en": ("My parcel is badly delayed, it should have been here more than a week ago. Order "
           "{number}.", "Order {number} is late. The tracking page has said the same for days."),
    "de": ("Mein Paket ist stark verspätet, es hätte schon vor über einer Woche da sein sollen. "
           "Bestellung {number}.", "Bestellung {number} hat Verspätung, in der Sendungsverfolgung "
           "tut sich seit Tagen nichts."),
    "fr": ("Mon colis a beaucoup de retard, il aurait dû arriver il y a plus d'une semaine. "
           "Commande {number}.", "La commande {number} est en retard, le suivi n'a pas bougé "
           "depuis des jours."),
    "es": ("Mi paquete lleva mucho retraso, tenía que haber llegado hace más de una semana. Pedido "
           "{number}.", "El pedido {number} va con retraso, el seguimiento no cambia desde hace "
           "días."),
    "it": ("Il mio pacco è molto in ritardo, doveva arrivare più di una settimana fa. Ordine "
           "{number}.", "L'ordine {number} è in ritardo, il tracciamento è fermo da giorni."),
    "nl": ("Mijn pakket is flink vertraagd, het had er een week geleden al moeten zijn. Bestelling "
           "{number}.", "Bestelling {number} is te laat, de tracking staat al dagen stil."),
}  # fmt: skip
WHERE: Texts = {
    "en": ("Could you tell me where my order {number} is right now?",
           "When will order {number} be delivered?"),
    "de": ("Können Sie mir sagen, wo meine Bestellung {number} gerade ist?",
           "Wann wird die Bestellung {number} geliefert?"),
    "fr": ("Pouvez-vous me dire où se trouve ma commande {number} ?",
           "Quand la commande {number} sera-t-elle livrée ?"),
    "es": ("¿Me pueden decir dónde está mi pedido {number}?",
           "¿Cuándo se entregará el pedido {number}?"),
    "it": ("Potete dirmi dove si trova il mio ordine {number}?",
           "Quando sarà consegnato l'ordine {number}?"),
    "nl": ("Kunt u mij vertellen waar mijn bestelling {number} nu is?",
           "Wanneer wordt bestelling {number} bezorgd?"),
}  # fmt: skip
CANCEL: Texts = {
    "en": ("Please cancel my order {number}, I ordered by mistake.",),
    "de": ("Bitte stornieren Sie meine Bestellung {number}, ich habe mich vertan.",),
    "fr": ("Merci d'annuler ma commande {number}, je me suis trompé.",),
    "es": ("Por favor, cancelen mi pedido {number}, me he equivocado.",),
    "it": ("Vi prego di annullare il mio ordine {number}, ho sbagliato.",),
    "nl": ("Annuleer alstublieft mijn bestelling {number}, ik heb me vergist.",),
}
WRONG_ITEM: Texts = {
    "en": ("I received the wrong size of {article} with order {number}.",),
    "de": ("Sie haben mir {article} in der falschen Größe geschickt, Bestellung {number}.",),
    "fr": ("Vous m'avez envoyé {article} dans la mauvaise taille, commande {number}.",),
    "es": ("Me enviaron {article} en la talla equivocada, pedido {number}.",),
    "it": ("Mi avete mandato {article} nella taglia sbagliata, ordine {number}.",),
    "nl": ("U heeft mij {article} in de verkeerde maat gestuurd, bestelling {number}.",),
}
QUESTION: Texts = {
    "en": ("Do you also carry latex gloves? I would order them later, around 2026-12-24.",
           "Is the {article} dishwasher safe? You can call me at +44 20 7946 0018."),
    "de": ("Führen Sie auch Latexhandschuhe? Ich würde sie später bestellen, etwa am 24.12.2026.",
           "Ist {article} spülmaschinenfest? Sie erreichen mich unter 030 901820."),
    "fr": ("Vendez-vous aussi des gants en latex ? Je les commanderais plus tard, vers le "
           "24/12/2026.", "L'article {article} passe-t-il au lave-vaisselle ? Tél. 01 99 00 12 34."),
    "es": ("¿Venden también guantes de látex? Los pediría más tarde, hacia el 24/12/2026.",
           "¿{article} se puede lavar en el lavavajillas? Mi teléfono es 910 500 123."),
    "it": ("Vendete anche guanti in lattice? Li ordinerei più tardi, verso il 24/12/2026.",
           "{article} si può lavare in lavastoviglie? Il mio numero è 06 5550 1234."),
    "nl": ("Verkoopt u ook latex handschoenen? Ik bestel ze dan later, rond 24-12-2026.",
           "Kan {article} in de vaatwasser? U kunt mij bellen op 020 555 1234."),
}  # fmt: skip
THANKS: Texts = {
    "en": ("Thank you very much, the {article} arrived safely, not damaged at all. Great shop!",),
    "de": ("Vielen Dank, {article} ist heil angekommen, gar nicht beschädigt. Toller Laden!",),
    "fr": ("Merci beaucoup, {article} est bien arrivé, pas du tout abîmé. Super boutique !",),
    "es": ("Muchas gracias, {article} llegó perfecto, nada dañado. ¡Gran tienda!",),
    "it": ("Grazie mille, {article} è arrivato intatto, per niente danneggiato. Ottimo negozio!",),
    "nl": (
        "Hartelijk dank, {article} is heel aangekomen, helemaal niet beschadigd. Fijne winkel!",
    ),
}

LETTERS: dict[Intent, Texts] = {
    Intent.DAMAGED: DAMAGED,
    Intent.MONEY_BACK: MONEY_BACK,
    Intent.LATE: LATE,
    Intent.WHERE: WHERE,
    Intent.CANCEL: CANCEL,
    Intent.WRONG_ITEM: WRONG_ITEM,
    Intent.QUESTION: QUESTION,
    Intent.THANKS: THANKS,
}
SHARES: dict[Intent, int] = {  # of a hundred messages
    Intent.DAMAGED: 28, Intent.MONEY_BACK: 14, Intent.LATE: 13, Intent.WHERE: 17,
    Intent.CANCEL: 8, Intent.WRONG_ITEM: 7, Intent.QUESTION: 8, Intent.THANKS: 5,
}  # fmt: skip
LANGUAGES = tuple(DAMAGED)
