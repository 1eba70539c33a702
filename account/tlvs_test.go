package account

import "testing"

// TestFieldTLVs: only vendors' tags that mean nothing else may be named.
func TestFieldTLVs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, field string
		account     Account
	}{
		{"good", "", Account{SMPP: SMPP{TLVs: FieldTLVs{Tag: "0x1400", Secret: "0x3FFF"}}}},
		{"of the specification", "smpp.tlvs.tag", Account{SMPP: SMPP{TLVs: FieldTLVs{Tag: "source_port"}}}},
		{"below", "smpp.tlvs.tag", Account{SMPP: SMPP{TLVs: FieldTLVs{Tag: "0x13FF"}}}},
		{"above", "smpp.tlvs.dialog", Account{SMPP: SMPP{TLVs: FieldTLVs{Dialog: "0x4000"}}}},
		{"Kurir's own", "smpp.tlvs.secret", Account{SMPP: SMPP{TLVs: FieldTLVs{Secret: "0x3E5A"}}}},
		{"no tag", "smpp.tlvs.secret", Account{SMPP: SMPP{TLVs: FieldTLVs{Secret: "hidden"}}}},
		{"twice", "smpp.tlvs.secret", Account{SMPP: SMPP{TLVs: FieldTLVs{Tag: "0x1510", Secret: "0x1510"}}}},
		{"of every message", "smpp.tlvs.tag", Account{TLVs: map[string]string{"0x1510": "01"}, SMPP: SMPP{TLVs: FieldTLVs{Tag: "0x1510"}}}},
		{"for SMPP 3.3", "smpp.tlvs", Account{SMPP: SMPP{Versions: []string{"3.3"}, TLVs: FieldTLVs{Tag: "0x1510"}}}},
	} {
		var fields []string
		tt.account.Resolve(nil, func(field, _ string) { fields = append(fields, field) })
		if len(fields) > 1 || len(fields) == 1 && fields[0] != tt.field || len(fields) == 0 && tt.field != "" {
			t.Errorf("%s: mistakes in %q, want %q", tt.name, fields, tt.field)
		}
	}
}
