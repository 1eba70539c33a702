package config

import (
	_ "embed"
	"reflect"
	"strings"
	"sync"

	"kurir/account"
	"kurir/resource"
)

// fieldTexts says what each field of the file means: package.Type.Field, a tabulator, and the meaning, one a line. It is made of the
// comments in the source as docs/configuration.md is (TestReference).
//
//go:embed fields.txt
var fieldTexts string

// meanings gives what the lines of fieldTexts say, by package.Type.Field.
var meanings = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(fieldTexts) {
		if name, meaning, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			all[name] = meaning
		}
	}
	return all
})

// about adds to the schema of a field what it means, an example, the words of which it takes one, and what it names.
func about(owner reflect.Type, f *reflect.StructField, schema *resource.Schema) {
	name := owner.String() + "." + f.Name
	if meaning := meanings()[name]; meaning != "" {
		schema.Description = meaning
	}
	schema.Example = f.Tag.Get("example")
	schema.Names = namesOf(name)
	if words := wordsOf(name); words != nil && schema.Type == "string" {
		schema.Words = words
	}
}

// wordsOf gives the words of which a field takes one; nil for one that takes others. They are for
// forms: what is taken is decided where the field is checked.
func wordsOf(field string) []string {
	switch field {
	case "account.User.Role":
		return account.Roles()
	case "account.User.Language":
		return account.Languages()
	}
	if words := fieldWords[field]; words != "" {
		return strings.Fields(words)
	}
	return nil
}

// fieldWords are the words of such fields, as their meanings name them.
var fieldWords = map[string]string{
	"account.Account.LongSender":      "refuse shorten",
	"account.Account.Priority":        "bulk normal high urgent",
	"account.Balance.Charge":          "sent accepted delivered",
	"account.Mail.AuthorSender":       "mobile number",
	"account.Mail.Reports":            "failures asked none",
	"account.Mail.Text":               "subject-first subject body template",
	"account.MailDomain.Text":         "subject-first body subject template",
	"account.Notice.Kind":             "info warning problem",
	"message.ContactPerson.Kind":      "technical commercial",
	"account.SMPP.Alphabet":           "gsm gsm-packed latin1 ascii utf8 ucs2",
	"account.SMPP.MessageIDs":         "text decimal hex",
	"account.SMPP.OverWindow":         "throttle wait",
	"account.SMPP.Receipts":           "deliver_sm data_sm",
	"account.SMPP.ReceiptsPer":        "message part",
	"account.Text.Long":               "join separate cut refuse",
	"account.Text.Unicode":            "allow simplify refuse",
	"account.TextVia.Long":            "join separate cut refuse",
	"account.TextVia.Unicode":         "allow simplify refuse",
	"connector.CIMD2Config.Validity":  "relative absolute none",
	"connector.Common.InboundNumbers": "as_is international national",
	"connector.Common.Receipts":       "when_asked always never",
	"connector.Common.Uncertain":      "resend once",
	"connector.ModemConfig.Long":      "udh udh16",
	"connector.Remote.HostsOrder":     "first turn",
	"connector.SMPPConfig.Alphabet":   "gsm gsm-packed latin1 ascii utf8 ucs2",
	"connector.SMPPConfig.Bind":       "transceiver receiver+transmitter",
	"connector.UCPConfig.Operation":   "51 30 01",
	"connector.UCPConfig.Alphabet":    "gsm latin1 ira british danish french german italian spanish swedish swedish-names",
	"account.Login.Alphabet":          "gsm latin1 ira british danish french german italian spanish swedish swedish-names",
	"gateway.RetryRule.Failure":       "throttled busy link_down no_answer absent memory_full",
	"connector.UCPConfig.Validity":    "absolute none",
	"directory.List.Kind":             "block allow match",
	"directory.List.Of":               "to from",
	"filter.Config.Unanswered":        "refuse allow",
	"gateway.InboundAction.Content":   "raw utf-8",
	"gateway.Schedule.Priority":       "bulk normal high urgent",
	"message.AddressRule.Kind":        "international name other",
	"message.CostDimension.Kannel":    "account binfo",
	"message.MailServer.TLS":          "starttls tls none",
	"message.TLVDefinition.Type":      "string cstring octets uint8 uint16 uint32",
	"route.Rule.Choose":               "order weight price load",
	"route.Rule.Long":                 "join separate cut refuse",
	"route.Rule.OtherSender":          "skip own",
}

// namesOf gives the kind of the settings that a field names; empty for one that names none.
func namesOf(field string) string { return fieldNames[field] }

// fieldNames are the kinds of settings that fields name.
var fieldNames = map[string]string{
	"account.Account.Filter":         "filters",
	"account.Account.Parent":         "accounts",
	"account.Account.Prices":         "prices",
	"account.Kannel.DefaultSMSC":     "connectors",
	"account.Kannel.ForcedSMSC":      "connectors",
	"account.Key.Account":            "accounts",
	"account.Notice.Accounts":        "accounts",
	"account.User.Account":           "accounts",
	"alarm.SMS.Account":              "accounts",
	"directory.List.Accounts":        "accounts",
	"directory.List.Routes":          "routes",
	"gateway.DefaultMailbox.Link":    "connectors",
	"gateway.InboundAction.Register": "series",
	"gateway.InboundRule.Account":    "accounts",
	"gateway.InboundRule.Link":       "connectors",
	"gateway.ReplyRule.Links":        "connectors",
	"gateway.ReplyRule.PhoneLinks":   "connectors",
	"gateway.Schedule.Account":       "accounts",
	"rota.Rota.Account":              "accounts",
	"route.Rule.Account":             "accounts",
	"route.Rule.Filter":              "filters",
	"route.Rule.List":                "lists",
	"route.Rule.Prices":              "prices",
	"route.Rule.Via":                 "connectors",
}
