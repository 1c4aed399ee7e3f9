"""What customers are told, in their language. Only our own words and the order's number go in.

No reply names an amount: a reviewer may still change it, and the words would then be wrong.
"""

from typing import Any

SUBJECT = {
    "en": "Your message about order #{number}",
    "de": "Ihre Nachricht zur Bestellung #{number}",
    "fr": "Votre message au sujet de la commande n° {number}",
}
SUBJECT_WITHOUT = {"en": "Your message to us", "de": "Ihre Nachricht an uns",
                   "fr": "Votre message"}  # fmt: skip
FRAME = {
    "en": "Hello,\n\n{text}\n\nKind regards,\nYour service team",
    "de": "Guten Tag,\n\n{text}\n\nMit freundlichen Grüßen\nIhr Serviceteam",
    "fr": "Bonjour,\n\n{text}\n\nCordialement,\nVotre service client",
}
TEXTS: dict[str, dict[str, str]] = {
    "refund": {
        "en": "we are sorry about the trouble with your order #{number}. We are giving you "
        "money back to the means of payment you used; it takes a few days to arrive.",
        "de": "es tut uns leid, dass mit Ihrer Bestellung #{number} etwas nicht in Ordnung war. "
        "Wir erstatten Ihnen Geld auf Ihr Zahlungsmittel; das dauert einige Tage.",
        "fr": "nous sommes désolés pour le problème avec votre commande n° {number}. Nous vous "
        "remboursons sur votre moyen de paiement, sous quelques jours.",
    },
    "goodwill": {
        "en": "we are sorry that your order #{number} takes so long. As an apology we are giving "
        "you some money back. Your parcel is still on its way to you.",
        "de": "es tut uns leid, dass Ihre Bestellung #{number} so lange braucht. Als "
        "Entschuldigung erstatten wir Ihnen einen Teil des Betrags. Ihr Paket ist unterwegs.",
        "fr": "nous sommes désolés du retard de votre commande n° {number}. En guise d'excuse, "
        "nous vous remboursons une partie du montant. Votre colis est toujours en route.",
    },
    "return_first": {
        "en": "you can send the article of order #{number} back to us: answer this message and "
        "we send you a return label. Once it has arrived we exchange it or give your money back.",
        "de": "Sie können den Artikel der Bestellung #{number} an uns zurücksenden: Antworten Sie "
        "auf diese Nachricht, dann schicken wir Ihnen ein Rücksendeetikett. Nach Eingang tauschen "
        "wir um oder erstatten den Betrag.",
        "fr": "vous pouvez nous renvoyer l'article de la commande n° {number} : répondez à ce "
        "message et nous vous enverrons une étiquette de retour. Dès réception, nous procédons à "
        "l'échange ou au remboursement.",
    },
    "ask_photo": {
        "en": "we are sorry about the trouble with your order #{number}. Please send us a photo "
        "of the article as an answer to this message; then we look after it at once.",
        "de": "es tut uns leid, dass mit Ihrer Bestellung #{number} etwas nicht in Ordnung war. "
        "Bitte schicken Sie uns als Antwort ein Foto des Artikels; dann kümmern wir uns sofort.",
        "fr": "nous sommes désolés pour le problème avec votre commande n° {number}. Merci de nous "
        "envoyer une photo de l'article en réponse ; nous nous en occuperons aussitôt.",
    },
    "ask_order": {
        "en": "thank you for writing to us. To help you we need the number of your order; please "
        "answer from the e-mail address you ordered with.",
        "de": "danke für Ihre Nachricht. Damit wir Ihnen helfen können, brauchen wir Ihre "
        "Bestellnummer; bitte antworten Sie von der Adresse, mit der Sie bestellt haben.",
        "fr": "merci pour votre message. Pour vous aider, il nous faut le numéro de votre "
        "commande ; merci de répondre depuis l'adresse utilisée pour commander.",
    },
    "ask_article": {
        "en": "we are sorry about the trouble with your order #{number}. Which of its articles is "
        "it about? A short answer is enough.",
        "de": "es tut uns leid, dass mit Ihrer Bestellung #{number} etwas nicht in Ordnung war. Um "
        "welchen Artikel geht es? Eine kurze Antwort genügt.",
        "fr": "nous sommes désolés pour le problème avec votre commande n° {number}. De quel "
        "article s'agit-il ? Une courte réponse suffit.",
    },
    "on_its_way": {
        "en": "your order #{number} has left our warehouse and is on its way to you.",
        "de": "Ihre Bestellung #{number} hat unser Lager verlassen und ist auf dem Weg zu Ihnen.",
        "fr": "votre commande n° {number} a quitté notre entrepôt et est en route.",
    },
    "in_preparation": {
        "en": "your order #{number} is being prepared in our warehouse; you get a message when it "
        "leaves.",
        "de": "Ihre Bestellung #{number} wird in unserem Lager vorbereitet; Sie erhalten eine "
        "Nachricht, sobald sie verschickt ist.",
        "fr": "votre commande n° {number} est en préparation dans notre entrepôt ; un message "
        "suivra dès son expédition.",
    },
    "cancelled": {
        "en": "we have cancelled your order #{number} and are giving your money back.",
        "de": "wir haben Ihre Bestellung #{number} storniert und erstatten Ihnen den Betrag.",
        "fr": "nous avons annulé votre commande n° {number} et vous remboursons.",
    },
    "hold": {
        "en": "thank you for writing to us. A colleague looks after your message and answers soon.",
        "de": "danke für Ihre Nachricht. Eine Kollegin oder ein Kollege kümmert sich darum und "
        "meldet sich bald bei Ihnen.",
        "fr": "merci pour votre message. Un collègue s'en occupe et vous répondra bientôt.",
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
