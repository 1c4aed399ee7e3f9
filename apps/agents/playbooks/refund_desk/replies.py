"""What customers are told, in their language. Only our own words and the order's number go in.

No reply names an amount: a reviewer may still change it, and the words would then be wrong.
"""

from typing import Any

SUBJECT = {
    "en": "Your message about order #{number}",
    "de": "Ihre Nachricht zur Bestellung #{number}",
    "fr": "Votre message au sujet de la commande n° {number}",
    "es": "Su mensaje sobre el pedido n.º {number}",
    "it": "Il Suo messaggio sull'ordine n. {number}",
    "nl": "Uw bericht over bestelling #{number}",
}
SUBJECT_WITHOUT = {
    "en": "Your message to us",
    "de": "Ihre Nachricht an uns",
    "fr": "Votre message",
    "es": "Su mensaje",
    "it": "Il Suo messaggio",
    "nl": "Uw bericht aan ons",
}
FRAME = {
    "en": "Hello,\n\n{text}\n\nKind regards,\nYour service team",
    "de": "Guten Tag,\n\n{text}\n\nMit freundlichen Grüßen\nIhr Serviceteam",
    "fr": "Bonjour,\n\n{text}\n\nCordialement,\nVotre service client",
    "es": "Buenos días:\n\n{text}\n\nUn cordial saludo,\nSu equipo de atención al cliente",
    "it": "Buongiorno,\n\n{text}\n\nCordiali saluti\nIl Suo servizio clienti",
    "nl": "Goedendag,\n\n{text}\n\nMet vriendelijke groet,\nUw klantenservice",
}
TEXTS: dict[str, dict[str, str]] = {
    "refund": {
        "en": "we are sorry about the trouble with your order #{number}. We are giving you money "
        "back to the means of payment you used; it takes a few days to arrive.",
        "de": "es tut uns leid, dass mit Ihrer Bestellung #{number} etwas nicht in Ordnung war. "
        "Wir erstatten Ihnen Geld auf Ihr Zahlungsmittel; das dauert einige Tage.",
        "fr": "nous sommes désolés pour le problème avec votre commande n° {number}. Nous vous "
        "remboursons sur votre moyen de paiement, sous quelques jours.",
        "es": "lamentamos el problema con su pedido n.º {number}. Le devolvemos dinero al medio de "
        "pago que utilizó; tarda unos días en llegar.",
        "it": "ci dispiace per il problema con il Suo ordine n. {number}. Le rimborsiamo una somma "
        "sul mezzo di pagamento utilizzato; l'accredito richiede qualche giorno.",
        "nl": "het spijt ons dat er iets mis was met uw bestelling #{number}. We betalen u geld "
        "terug via het betaalmiddel dat u hebt gebruikt; dat duurt enkele dagen.",
    },
    "goodwill": {
        "en": "we are sorry that your order #{number} is taking so long. As an apology we are "
        "giving you some money back. Your parcel is still on its way to you.",
        "de": "es tut uns leid, dass Ihre Bestellung #{number} so lange braucht. Als "
        "Entschuldigung erstatten wir Ihnen einen Teil des Betrags. Ihr Paket ist unterwegs.",
        "fr": "nous sommes désolés du retard de votre commande n° {number}. En guise d'excuse, "
        "nous vous remboursons une partie du montant. Votre colis est toujours en route.",
        "es": "lamentamos que su pedido n.º {number} tarde tanto. A modo de disculpa, le "
        "devolvemos una parte del importe. Su paquete sigue en camino.",
        "it": "ci dispiace che il Suo ordine n. {number} impieghi così tanto. Per scusarci, Le "
        "rimborsiamo una parte dell'importo. Il Suo pacco è ancora in viaggio.",
        "nl": "het spijt ons dat uw bestelling #{number} zo lang op zich laat wachten. Als excuus "
        "betalen we u een deel van het bedrag terug. Uw pakket is nog onderweg.",
    },
    "return_first": {
        "en": "you can send the article of order #{number} back to us: reply to this message and "
        "we will send you a return label. Once it has arrived we will exchange it or give your "
        "money back.",
        "de": "Sie können den Artikel der Bestellung #{number} an uns zurücksenden: Antworten Sie "
        "auf diese Nachricht, dann schicken wir Ihnen ein Rücksendeetikett. Nach Eingang "
        "tauschen wir um oder erstatten den Betrag.",
        "fr": "vous pouvez nous renvoyer l'article de la commande n° {number} : répondez à ce "
        "message et nous vous enverrons une étiquette de retour. Dès réception, nous "
        "procédons à l'échange ou au remboursement.",
        "es": "puede devolvernos el artículo del pedido n.º {number}: responda a este mensaje y le "
        "enviaremos una etiqueta de devolución. En cuanto lo recibamos, se lo cambiamos o le "
        "devolvemos el dinero.",
        "it": "può restituirci l'articolo dell'ordine n. {number}: risponda a questo messaggio e "
        "Le invieremo un'etichetta di reso. Non appena lo riceveremo, lo sostituiremo o Le "
        "rimborseremo l'importo.",
        "nl": "u kunt het artikel van bestelling #{number} naar ons terugsturen: beantwoord dit "
        "bericht en we sturen u een retourlabel. Zodra we het hebben ontvangen, ruilen we "
        "het om of betalen we u terug.",
    },
    "ask_photo": {
        "en": "we are sorry about the trouble with your order #{number}. Please send us a photo of "
        "the article in reply to this message; we will then look into it straight away.",
        "de": "es tut uns leid, dass mit Ihrer Bestellung #{number} etwas nicht in Ordnung war. "
        "Bitte schicken Sie uns als Antwort ein Foto des Artikels; dann kümmern wir uns "
        "sofort.",
        "fr": "nous sommes désolés pour le problème avec votre commande n° {number}. Merci de nous "
        "envoyer une photo de l'article en réponse ; nous nous en occuperons aussitôt.",
        "es": "lamentamos el problema con su pedido n.º {number}. Envíenos, por favor, una foto "
        "del artículo en respuesta a este mensaje y nos ocuparemos de inmediato.",
        "it": "ci dispiace per il problema con il Suo ordine n. {number}. Ci invii per favore una "
        "foto dell'articolo in risposta a questo messaggio; ce ne occuperemo subito.",
        "nl": "het spijt ons dat er iets mis is met uw bestelling #{number}. Stuur ons als "
        "antwoord op dit bericht een foto van het artikel; dan gaan we er meteen mee aan de "
        "slag.",
    },
    "ask_order": {
        "en": "thank you for writing to us. To help you we need the number of your order; please "
        "answer from the e-mail address you ordered with.",
        "de": "danke für Ihre Nachricht. Damit wir Ihnen helfen können, brauchen wir Ihre "
        "Bestellnummer; bitte antworten Sie von der Adresse, mit der Sie bestellt haben.",
        "fr": "merci pour votre message. Pour vous aider, il nous faut le numéro de votre commande "
        "; merci de répondre depuis l'adresse utilisée pour commander.",
        "es": "gracias por escribirnos. Para ayudarle necesitamos el número de su pedido; "
        "responda, por favor, desde la dirección de correo con la que hizo la compra.",
        "it": "grazie per averci scritto. Per aiutarLa ci serve il numero del Suo ordine; La "
        "preghiamo di rispondere dall'indirizzo e-mail usato per l'acquisto.",
        "nl": "bedankt voor uw bericht. Om u te helpen hebben we het nummer van uw bestelling "
        "nodig; antwoord alstublieft vanaf het e-mailadres waarmee u hebt besteld.",
    },
    "ask_article": {
        "en": "we are sorry about the trouble with your order #{number}. Which of its articles is "
        "it about, and how many pieces? A short answer is enough.",
        "de": "es tut uns leid, dass mit Ihrer Bestellung #{number} etwas nicht in Ordnung war. Um "
        "welchen Artikel geht es, und um wie viele Stück? Eine kurze Antwort genügt.",
        "fr": "nous sommes désolés pour le problème avec votre commande n° {number}. De quel "
        "article s'agit-il, et de combien de pièces ? Une courte réponse suffit.",
        "es": "lamentamos el problema con su pedido n.º {number}. ¿De qué artículo se trata y de "
        "cuántas unidades? Basta con una respuesta breve.",
        "it": "ci dispiace per il problema con il Suo ordine n. {number}. Di quale articolo si "
        "tratta, e di quanti pezzi? Basta una risposta breve.",
        "nl": "het spijt ons dat er iets mis is met uw bestelling #{number}. Om welk artikel gaat "
        "het, en om hoeveel stuks? Een kort antwoord volstaat.",
    },
    "on_its_way": {
        "en": "your order #{number} has left our warehouse and is on its way to you.",
        "de": "Ihre Bestellung #{number} hat unser Lager verlassen und ist auf dem Weg zu Ihnen.",
        "fr": "votre commande n° {number} a quitté notre entrepôt et est en route.",
        "es": "su pedido n.º {number} ha salido de nuestro almacén y está en camino.",
        "it": "il Suo ordine n. {number} ha lasciato il nostro magazzino ed è in viaggio.",
        "nl": "uw bestelling #{number} heeft ons magazijn verlaten en is naar u onderweg.",
    },
    "in_preparation": {
        "en": "your order #{number} is being prepared in our warehouse; we will write to you when "
        "it leaves.",
        "de": "Ihre Bestellung #{number} wird in unserem Lager vorbereitet; Sie erhalten eine "
        "Nachricht, sobald sie verschickt ist.",
        "fr": "votre commande n° {number} est en préparation dans notre entrepôt ; un message "
        "suivra dès son expédition.",
        "es": "su pedido n.º {number} se está preparando en nuestro almacén; le avisaremos en "
        "cuanto salga.",
        "it": "il Suo ordine n. {number} è in preparazione nel nostro magazzino; riceverà un "
        "messaggio quando partirà.",
        "nl": "uw bestelling #{number} wordt in ons magazijn klaargemaakt; u krijgt bericht zodra "
        "die is verzonden.",
    },
    "cancelled": {
        "en": "we have cancelled your order #{number} and are giving your money back.",
        "de": "wir haben Ihre Bestellung #{number} storniert und erstatten Ihnen den Betrag.",
        "fr": "nous avons annulé votre commande n° {number} et vous remboursons.",
        "es": "hemos cancelado su pedido n.º {number} y le devolvemos el dinero.",
        "it": "abbiamo annullato il Suo ordine n. {number} e Le rimborsiamo l'importo.",
        "nl": "we hebben uw bestelling #{number} geannuleerd en betalen het bedrag terug.",
    },
    "hold": {
        "en": "thank you for writing to us. A colleague will look into it and reply to you soon.",
        "de": "danke für Ihre Nachricht. Eine Kollegin oder ein Kollege kümmert sich darum und "
        "meldet sich bald bei Ihnen.",
        "fr": "merci pour votre message. Un collègue s'en occupe et vous répondra bientôt.",
        "es": "gracias por escribirnos. Un compañero se ocupa de su mensaje y le responderá "
        "pronto.",
        "it": "grazie per averci scritto. Un collega si occupa del Suo messaggio e Le risponderà "
        "presto.",
        "nl": "bedankt voor uw bericht. Een collega bekijkt het en antwoordt u binnenkort.",
    },
}


def message(
    kind: str, *, language: str, to: str, message_id: str, number: str | None
) -> dict[str, Any]:
    """The parameters of `send_message` for a reply of this kind."""
    subject = SUBJECT[language].format(number=number) if number else SUBJECT_WITHOUT[language]
    text = TEXTS[kind][language].format(number=number)
    return {
        "to": to,
        "subject": subject,
        "body": FRAME[language].format(text=text),
        "language": language,
        "in_reply_to": message_id,
    }
