package mail

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestParseRecipient goes through the forms of addresses.
func TestParseRecipient(t *testing.T) {
	t.Parallel()
	number := func(name string) Recipient { return Recipient{Kind: Number, Name: name} }
	for address, want := range map[string]Recipient{
		"070123456":                                  number("070123456"),
		"070123456@SMS.Example.se":                   {Kind: Number, Name: "070123456", Domain: "sms.example.se"},
		"<+46701234567@sms.example.se>":              {Kind: Number, Name: "+46701234567", Domain: "sms.example.se"},
		"0046-70-1234567":                            number("0046701234567"),
		`"070-123 45 67"@sms.example.se`:             {Kind: Number, Name: "0701234567", Domain: "sms.example.se"},
		`"+46 (0)70-123 45 67"`:                      number("+46701234567"),
		`"(070) 123\ 45/67"`:                         number("0701234567"),
		"070.123.45.67":                              number("0701234567"),
		"+46(0)701234567":                            number("+46701234567"),
		"72456":                                      number("72456"),
		"SMS:070123456":                              number("070123456"),
		`"sms:+46701234567"@example.se`:              {Kind: Number, Name: "+46701234567", Domain: "example.se"},
		"IMCEASMS-070123456@sms.example.se":          {Kind: Number, Name: "070123456", Domain: "sms.example.se"},
		"IMCEASMS-+2B46701234567@example.se":         {Kind: Number, Name: "+46701234567", Domain: "example.se"},
		"imceasms-+2b46701234567":                    number("+46701234567"),
		"IMCEASMS-+46701234567":                      number("+46701234567"),
		"IMCEASMS-070-123+2045+2067":                 number("0701234567"),
		"IMCEASMS-+2B46+20+280+2970_1234567":         number("+46701234567"),
		"IMCEASMS-070123456+40sms+2Eexample+2Ese@ex": {Kind: Number, Name: "070123456", Domain: "ex"},
		"IMCEASMS-group+2Eduty":                      {Kind: Group, Name: "duty"},
		"group.duty@sms.example.se":                  {Kind: Group, Name: "duty", Domain: "sms.example.se"},
		"Group.IT.support":                           {Kind: Group, Name: "IT.support"},
		`"group.IT support åäö"`:                     {Kind: Group, Name: "IT support åäö"},
		"rota.night":                                 {Kind: Rota, Name: "night"},
		`"rota:night"@example.se`:                    {Kind: Rota, Name: "night", Domain: "example.se"},
		"contact.anna.aberg":                         {Kind: Contact, Name: "anna.aberg"},
		"070123456+flash":                            {Kind: Number, Name: "070123456", Options: Options{Flash: true}},
		"+46701234567+high+at=0730+tag=ops":          {Kind: Number, Name: "+46701234567", Options: Options{High: true, At: "07:30", Tag: "ops"}},
		`"+46701234567+at=07:30"@example.se`:         {Kind: Number, Name: "+46701234567", Domain: "example.se", Options: Options{At: "07:30"}},
		"070123456+AT=20261224T0730":                 {Kind: Number, Name: "070123456", Options: Options{At: "2026-12-24T07:30"}},
		"rota.night+tag=disk-full":                   {Kind: Rota, Name: "night", Options: Options{Tag: "disk-full"}},
		"IMCEASMS-070123456+2Bflash":                 {Kind: Number, Name: "070123456", Options: Options{Flash: true}},
		"IMCEASMS-070123456+flash":                   {Kind: Number, Name: "070123456", Options: Options{Flash: true}},
		"IMCEASMS-+2B46701234567+2Bat=0730":          {Kind: Number, Name: "+46701234567", Options: Options{At: "07:30"}},
	} {
		got, err := ParseRecipient(address)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", address, err, diff)
		}
	}
}

// TestParseRecipientWrong: what is none is told in words.
func TestParseRecipientWrong(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"":                      "the address has nothing before the @",
		"@example.se":           "the address has nothing before the @",
		"anna@example.se":       `"anna" is no phone number, and nothing like group.NAME, rota.NAME or contact.NAME`,
		"12@example.se":         `"12" is no phone number: it has fewer than 3 digits`,
		"group.":                "the address names no group: it is written group.NAME",
		"070123456+loud":        `there is no option "loud": there are flash, high, at=07:30 and tag=WORD`,
		"070123456+at=2500":     "at=2500 is no time: write at=07:30 or at=2026-12-24T07:30",
		"070123456+tag=":        "a tag has 1 to 40 characters",
		"IMCEAFAX-0701234567":   "the address is one of Exchange's of the type FAX, and only SMS is taken here",
		"123456789012345678901": "the phone number has more than 20 digits",
		"+4670+123":             `"+4670+123" is no phone number, and nothing like group.NAME, rota.NAME or contact.NAME`,
		"\"070\r\nRCPT\"":       "the address has characters that cannot be written",
	} {
		got, err := ParseRecipient(address)
		if err == nil || err.Error() != want {
			t.Errorf("%q: %+v, %v", address, got, err)
		}
	}
}

// TestParseSubject: options are taken off, and other brackets are the subject's.
func TestParseSubject(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]struct {
		Options Options
		Rest    string
		Wrong   string
	}{
		"Hej":                                    {Options{}, "Hej", ""},
		"[flash] Hej":                            {Options{Flash: true}, "Hej", ""},
		"[flash][HIGH] [at=07:30] [tag=ops] Hej": {Options{true, true, "07:30", "ops"}, "Hej", ""},
		"[at=2026-12-24T07:30] God jul":          {Options{At: "2026-12-24T07:30"}, "God jul", ""},
		"[EXTERNAL] [flash] Hej":                 {Options{}, "[EXTERNAL] [flash] Hej", ""},
		"[flash]":                                {Options{Flash: true}, "", ""},
		"[at=99:99] Hej":                         {Options{}, "[at=99:99] Hej", "[at=99:99] in the subject: at=99:99 is no time: write at=07:30 or at=2026-12-24T07:30"},
		"[high] [Tag=] Hej":                      {Options{High: true}, "[Tag=] Hej", "[Tag=] in the subject: a tag has 1 to 40 characters"},
		"[flash=yes] Hej":                        {Options{}, "[flash=yes] Hej", "[flash=yes] in the subject: there is no option \"flash=yes\": there are flash, high, at=07:30 and tag=WORD"},
		"[at] the door":                          {Options{}, "[at] the door", ""},
		"[x=1] Hej":                              {Options{}, "[x=1] Hej", ""},
		"[flash light] Hej":                      {Options{}, "[flash light] Hej", ""},
		"[flash Hej":                             {Options{}, "[flash Hej", ""},
		"flash] Hej":                             {Options{}, "flash] Hej", ""},
		"":                                       {Options{}, "", ""},
	} {
		options, rest, err := ParseSubject(subject)
		wrong := ""
		if err != nil {
			wrong = err.Error()
		}
		if options != want.Options || rest != want.Rest || wrong != want.Wrong {
			t.Errorf("%q: %+v %q %q", subject, options, rest, wrong)
		}
	}
}

// TestOptionsWhen: a clock time is the next one there is, also across midnight
// and a change of the clocks.
func TestOptionsWhen(t *testing.T) {
	t.Parallel()
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 28, 12, 0, 0, 0, stockholm) // the day before summer time
	for at, want := range map[string]string{
		"12:00": "2026-03-28T12:00:00+01:00", "12:01": "2026-03-28T12:01:00+01:00", "07:30": "2026-03-29T07:30:00+02:00",
		"2026-12-24T07:30": "2026-12-24T07:30:00+01:00",
	} {
		got, err := Options{At: at}.When(now)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s: %s, %v", at, got.Format(time.RFC3339), err)
		}
	}
	if got, err := (Options{}).When(now); err != nil || !got.IsZero() {
		t.Errorf("none: %v, %v", got, err)
	}
	if _, err := (Options{At: "later"}).When(now); err == nil {
		t.Error("later is a time")
	}
}

// FuzzRecipient: nothing panics, and what is read has the form that is promised.
func FuzzRecipient(f *testing.F) {
	for _, seed := range []string{"070123456", `"+46 (0)70-1"@example.se`, "IMCEASMS-+2B46701234567+2Bflash@ex", "group.duty+tag=x", "SMS:070123456+at=0730", "\"\\", "\t[flash] x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		options, rest, _ := ParseSubject(address)
		if again, _, _ := ParseSubject(rest); again != (Options{}) && options == (Options{}) {
			t.Errorf("%q: options are left in %q", address, rest)
		}
		r, err := ParseRecipient(address)
		if err != nil {
			return
		}
		if r.Name == "" || r.Kind == "" {
			t.Errorf("%q: %+v", address, r)
		}
		if again, err := ParseRecipient(r.Name); r.Kind == Number && (err != nil || again.Name != r.Name) {
			t.Errorf("%q: %q reads as %+v, %v", address, r.Name, again, err)
		}
		if _, err := r.Options.When(time.Unix(1e9, 0)); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	})
}
