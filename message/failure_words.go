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
