package message

// failureSwedish is what failureInfo says, in Swedish.
var failureSwedish = [...]string{
	NoFailure:    "inget gick fel",
	Throttled:    "operatören ber om lägre hastighet",
	Busy:         "operatören kan inte ta emot meddelandet just nu",
	LinkDown:     "förbindelsen till operatören är nere",
	NoAnswer:     "operatören svarade inte i tid",
	Absent:       "telefonen är avstängd eller utom täckning",
	MemoryFull:   "telefonen har inte plats för fler meddelanden",
	Refused:      "operatören avvisade meddelandet",
	BadRecipient: "mottagarens nummer är inte giltigt",
	BadSender:    "avsändaren är inte giltig eller inte tillåten",
	BadContent:   "texten kan inte godtas",
	NotPermitted: "kontot får inte göra detta",
	NoRoute:      "ingen väg leder till mottagaren",
	StoreFull:    "tjänsten kan inte skriva till sin databas just nu; försök igen senare",
	Overloaded:   "för mycket på en gång; försök igen senare",
	TooOld:       "giltighetstiden har gått ut",
	Withheld:     "ett annat meddelande i samma begäran avvisades, och begäran gäller alla eller inget",
	Stopping:     "tjänsten håller på att stanna; försök igen senare",
	NoMoney:      "saldot räcker inte",
	NoPrice:      "prislistan har inget pris för mottagaren",
	Loop:         "meddelandet kommer från den här tjänsten, eller har passerat den mer än tre gånger: två tjänster skickar till varandra",
	LimitReached: "kontot har fått skicka så mycket som det får för tillfället",
	Blocked:      "en lista spärrar mottagaren eller avsändaren",
	OptedOut:     "mottagaren har avböjt meddelanden från kontot",
	NotOpened:    "meddelanden till mottagarens land är inte tillåtna",
	Repeated:     "samma text skickades till mottagaren för en kort stund sedan",
	BadDimension: "en kostnadsdimension saknas eller är okänd",
}

// Sentence says what went wrong in a language: "sv" is Swedish, any other English.
func (k FailureKind) Sentence(language string) string {
	if language == "sv" && int(k) < len(failureSwedish) && failureSwedish[k] != "" {
		return failureSwedish[k]
	}
	return (&Failure{Kind: k}).Error()
}

// stateWords says why a message ended as it did, in English and Swedish, where no failure does.
var stateWords = map[State][2]string{
	Expired:       {"it had not arrived when its validity ended", "det hade inte kommit fram när giltighetstiden gick ut"},
	Deleted:       {"it was deleted before it arrived", "det togs bort innan det kom fram"},
	Undeliverable: {"the operator could not deliver it", "operatören kunde inte leverera det"},
	Rejected:      {"the operator rejected it", "operatören avvisade det"},
	Unknown:       {"what became of it is not known", "det är okänt vad det blev av det"},
}

// Sentence says in a language, as of FailureKind, why a message that ended so did not arrive; empty if it did, or has not
// ended.
func (s State) Sentence(language string) string {
	words := stateWords[s]
	if language == "sv" {
		return words[1]
	}
	return words[0]
}

// OperatorFailures lists the kinds that an operator's code may mean.
func OperatorFailures() []FailureKind {
	return []FailureKind{Throttled, Busy, Absent, MemoryFull, Refused, BadRecipient, BadSender, BadContent}
}

// ParseFailure reads what Code wrote, of a kind among some; false for another.
func ParseFailure(code string, among []FailureKind) (FailureKind, bool) {
	for _, k := range among {
		if k.Code() == code {
			return k, true
		}
	}
	return NoFailure, false
}
