package directory

// Language is how phones opt out in one language.
type Language struct {
	Code    string // ISO 639-1
	Name    string // in English
	Stop    []string
	Start   []string
	Stopped string // answer to who opted out
	Started string // and to who opted in again

	calling []string // calling codes of countries where it is the first language
}

// english is the place of English in languages: what is answered when nothing else is known.
const english = 0

// languages are the 24 official languages of the European Union, and Norwegian, Icelandic, Ukrainian and Turkish. The
// words are what people write and what operators and consumer authorities of those countries ask senders to understand;
// those of other languages than English hold beside STOP and START, which each has.
var languages = [...]Language{
	{
		"en", "English",
		[]string{"stop", "stop all", "stopall", "unsubscribe", "cancel", "end", "quit", "opt out", "opt-out", "optout", "revoke"},
		[]string{"start", "unstop", "subscribe", "opt in", "opt-in", "optin"},
		"You will get no more messages from {sender}. Write START to get them again.", "You will get messages from {sender} again. Write STOP to end them.",
		[]string{"44", "353", "1", "61", "64"},
	},
	{
		"bg", "Bulgarian",
		[]string{"stop", "стоп", "спри", "отказ", "отписване", "отпиши", "spri", "otkaz"},
		[]string{"start", "старт", "започни", "абонамент", "запиши"},
		"Няма да получавате повече съобщения от {sender}. Пишете СТАРТ, за да ги получавате отново.", "Отново ще получавате съобщения от {sender}. Пишете СТОП, за да ги спрете.",
		[]string{"359"},
	},
	{
		"cs", "Czech",
		[]string{"stop", "odhlásit", "zrušit", "ukončit", "konec"},
		[]string{"start", "přihlásit", "začít"},
		"Od {sender} už nebudete dostávat zprávy. Pro obnovení napište START.", "Od {sender} budete znovu dostávat zprávy. Pro ukončení napište STOP.",
		[]string{"420"},
	},
	{
		"da", "Danish",
		[]string{"stop", "afmeld", "frameld", "slut", "afslut"},
		[]string{"start", "tilmeld"},
		"Du får ikke flere beskeder fra {sender}. Skriv START for at få dem igen.", "Du får igen beskeder fra {sender}. Skriv STOP for at afmelde dem.",
		[]string{"45"},
	},
	{
		"de", "German",
		[]string{"stop", "stopp", "abmelden", "abbestellen", "beenden", "aufhören"},
		[]string{"start", "anmelden", "starten"},
		"Sie erhalten keine Nachrichten mehr von {sender}. Mit START erhalten Sie sie wieder.", "Sie erhalten wieder Nachrichten von {sender}. Mit STOP beenden Sie das.",
		[]string{"49", "43", "41"},
	},
	{
		"el", "Greek",
		[]string{"stop", "στοπ", "διακοπή", "διαγραφή", "τέλος", "diakopi", "diagrafi"},
		[]string{"start", "έναρξη", "εγγραφή"},
		"Δεν θα λαμβάνετε άλλα μηνύματα από {sender}. Γράψτε START για να τα λαμβάνετε ξανά.", "Θα λαμβάνετε ξανά μηνύματα από {sender}. Γράψτε STOP για διακοπή.",
		[]string{"30", "357"},
	},
	{
		"es", "Spanish",
		[]string{"stop", "alto", "parar", "baja", "cancelar", "detener"},
		[]string{"start", "alta", "iniciar", "empezar"},
		"No recibirá más mensajes de {sender}. Escriba START para volver a recibirlos.", "Volverá a recibir mensajes de {sender}. Escriba STOP para dejar de recibirlos.",
		[]string{"34", "52", "54", "56", "57"},
	},
	{
		"et", "Estonian",
		[]string{"stop", "stopp", "lõpeta", "loobu", "katkesta"},
		[]string{"start", "alusta", "liitu"},
		"Te ei saa rohkem sõnumeid saatjalt {sender}. Kirjutage START, et neid taas saada.", "Te saate taas sõnumeid saatjalt {sender}. Kirjutage STOP, et neist loobuda.",
		[]string{"372"},
	},
	{
		"fi", "Finnish",
		[]string{"stop", "seis", "lopeta", "peru", "peruuta"},
		[]string{"start", "aloita", "liity", "tilaa"},
		"Et saa enää viestejä lähettäjältä {sender}. Kirjoita START saadaksesi niitä taas.", "Saat taas viestejä lähettäjältä {sender}. Kirjoita STOP lopettaaksesi.",
		[]string{"358"},
	},
	{
		"fr", "French",
		[]string{"stop", "arrêt", "arrêter", "arrête", "désabonner", "désabonnement", "désinscrire", "désinscription"},
		[]string{"start", "démarrer", "reprendre", "réabonner", "abonner"},
		"Vous ne recevrez plus de messages de {sender}. Envoyez START pour les recevoir de nouveau.", "Vous recevrez de nouveau les messages de {sender}. Envoyez STOP pour les arrêter.",
		[]string{"33", "32", "352"},
	},
	{
		"ga", "Irish",
		[]string{"stop", "stad", "scoir"},
		[]string{"start", "tosaigh", "tosú"},
		"Ní bhfaighidh tú a thuilleadh teachtaireachtaí ó {sender}. Scríobh START chun iad a fháil arís.", "Gheobhaidh tú teachtaireachtaí ó {sender} arís. Scríobh STOP chun deireadh a chur leo.",
		nil,
	},
	{
		"hr", "Croatian",
		[]string{"stop", "odjava", "odjavi", "prekini"},
		[]string{"start", "prijava", "prijavi", "pokreni"},
		"Više nećete primati poruke od {sender}. Pošaljite START za ponovno primanje.", "Ponovno ćete primati poruke od {sender}. Pošaljite STOP za prekid.",
		[]string{"385"},
	},
	{
		"hu", "Hungarian",
		[]string{"stop", "állj", "leiratkozás", "leiratkozom", "leiratkozik", "lemondás"},
		[]string{"start", "feliratkozás", "feliratkozom"},
		"Nem kap több üzenetet tőle: {sender}. Ha újra kér, írja: START.", "Újra kap üzeneteket tőle: {sender}. Ha nem kér, írja: STOP.",
		[]string{"36"},
	},
	{
		"it", "Italian",
		[]string{"stop", "ferma", "basta", "cancella", "cancellami", "disiscrivi", "annulla"},
		[]string{"start", "inizia", "iscrivi", "avvia", "riprendi"},
		"Non riceverà più messaggi da {sender}. Scriva START per riceverli di nuovo.", "Riceverà di nuovo messaggi da {sender}. Scriva STOP per non riceverli.",
		[]string{"39"},
	},
	{
		"lt", "Lithuanian",
		[]string{"stop", "stabdyti", "atsisakyti", "atsisakau", "nutraukti"},
		[]string{"start", "pradėti", "prenumeruoti"},
		"Daugiau negausite žinučių iš {sender}. Kad vėl jas gautumėte, rašykite START.", "Vėl gausite žinutes iš {sender}. Kad jų negautumėte, rašykite STOP.",
		[]string{"370"},
	},
	{
		"lv", "Latvian",
		[]string{"stop", "apturēt", "atteikties", "beigt", "atrakstīties"},
		[]string{"start", "sākt", "pieteikties"},
		"Jūs vairs nesaņemsiet ziņas no {sender}. Lai tās atkal saņemtu, rakstiet START.", "Jūs atkal saņemsiet ziņas no {sender}. Lai no tām atteiktos, rakstiet STOP.",
		[]string{"371"},
	},
	{
		"mt", "Maltese",
		[]string{"stop", "ieqaf", "waqqaf"},
		[]string{"start", "ibda"},
		"Ma tirċevix aktar messaġġi mingħand {sender}. Ikteb START biex terġa' tirċevihom.", "Terġa' tirċievi messaġġi mingħand {sender}. Ikteb STOP biex twaqqafhom.",
		[]string{"356"},
	},
	{
		"nl", "Dutch",
		[]string{"stop", "stoppen", "afmelden", "uitschrijven", "opzeggen"},
		[]string{"start", "aanmelden", "inschrijven"},
		"U krijgt geen berichten meer van {sender}. Stuur START om ze weer te krijgen.", "U krijgt weer berichten van {sender}. Stuur STOP om ze te stoppen.",
		[]string{"31"},
	},
	{
		"pl", "Polish",
		[]string{"stop", "rezygnuję", "rezygnacja", "wypisz", "koniec"},
		[]string{"start", "zapisz", "wznów"},
		"Nie będziesz już otrzymywać wiadomości od {sender}. Napisz START, aby je znów otrzymywać.", "Znów będziesz otrzymywać wiadomości od {sender}. Napisz STOP, aby je zatrzymać.",
		[]string{"48"},
	},
	{
		"pt", "Portuguese",
		[]string{"stop", "parar", "sair", "cancelar", "remover"},
		[]string{"start", "iniciar", "começar", "entrar"},
		"Não receberá mais mensagens de {sender}. Escreva START para voltar a recebê-las.", "Voltará a receber mensagens de {sender}. Escreva STOP para deixar de as receber.",
		[]string{"351", "55"},
	},
	{
		"ro", "Romanian",
		[]string{"stop", "oprire", "oprește", "dezabonare", "renunț"},
		[]string{"start", "pornește", "abonare"},
		"Nu veți mai primi mesaje de la {sender}. Scrieți START pentru a le primi din nou.", "Veți primi din nou mesaje de la {sender}. Scrieți STOP pentru a le opri.",
		[]string{"40", "373"},
	},
	{
		"sk", "Slovak",
		[]string{"stop", "odhlásiť", "zrušiť", "ukončiť", "koniec"},
		[]string{"start", "prihlásiť", "začať"},
		"Od {sender} už nebudete dostávať správy. Na obnovenie napíšte START.", "Od {sender} budete znova dostávať správy. Na ukončenie napíšte STOP.",
		[]string{"421"},
	},
	{
		"sl", "Slovenian",
		[]string{"stop", "odjava", "odjavi", "ustavi", "preklic"},
		[]string{"start", "prijava", "prijavi", "začni"},
		"Od {sender} ne boste več prejemali sporočil. Pošljite START, da jih boste znova.", "Od {sender} boste znova prejemali sporočila. Pošljite STOP za odjavo.",
		[]string{"386"},
	},
	{
		"sv", "Swedish",
		[]string{"stop", "stopp", "sluta", "avsluta", "avregistrera", "avanmäl", "säg upp"},
		[]string{"start", "starta", "börja", "anmäl"},
		"Du får inga fler meddelanden från {sender}. Skriv START för att få dem igen.", "Du får meddelanden från {sender} igen. Skriv STOPP för att slippa dem.",
		[]string{"46"},
	},
	{
		"no", "Norwegian",
		[]string{"stop", "stopp", "avslutt", "avmeld", "meld av", "slutt"},
		[]string{"start", "påmeld", "meld på", "begynn"},
		"Du får ikke flere meldinger fra {sender}. Skriv START for å få dem igjen.", "Du får igjen meldinger fra {sender}. Skriv STOPP for å slippe dem.",
		[]string{"47"},
	},
	{
		"is", "Icelandic",
		[]string{"stop", "stopp", "hætta", "stöðva", "afskrá"},
		[]string{"start", "byrja", "skrá"},
		"Þú færð ekki fleiri skilaboð frá {sender}. Skrifaðu START til að fá þau aftur.", "Þú færð aftur skilaboð frá {sender}. Skrifaðu STOP til að hætta.",
		[]string{"354"},
	},
	{
		"uk", "Ukrainian",
		[]string{"stop", "стоп", "зупинити", "скасувати", "відписатися", "відписка"},
		[]string{"start", "старт", "почати", "підписатися"},
		"Ви більше не отримуватимете повідомлень від {sender}. Напишіть СТАРТ, щоб отримувати їх знову.", "Ви знову отримуватимете повідомлення від {sender}. Напишіть СТОП, щоб їх зупинити.",
		[]string{"380"},
	},
	{
		"tr", "Turkish",
		[]string{"stop", "dur", "durdur", "iptal", "çık"},
		[]string{"start", "başla", "başlat"},
		"Artık {sender} adresinden mesaj almayacaksınız. Yeniden almak için START yazın.", "{sender} adresinden yeniden mesaj alacaksınız. Durdurmak için STOP yazın.",
		[]string{"90"},
	},
}
