package connector

import (
	"errors"
	"testing"
	"time"

	"kurir/message"
	"kurir/smpp"
)

// TestSMPPAsk: query_sm and cancel_sm name a message as the operator and the
// link know it, and what he says is understood.
func TestSMPPAsk(t *testing.T) {
	t.Parallel()
	at := AtOperator{
		ID: "31", From: message.Address{TON: message.TONAlphanumeric, Number: "ACME"},
		To: message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "46701234567"},
	}
	smppLink(t, func(c *SMPPConfig) { c.MessageIDs, c.ServiceType = "hex_decimal", "CMT" }, nil, func(t *testing.T, b *contractBench) {
		l, o := b.link.(*SMPP), b.operator().(*smsc)
		final := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
		o.manage = func(body smpp.Body) (smpp.Status, smpp.Body) {
			switch b := body.(type) {
			case *smpp.QuerySM:
				if b.MessageID != "1f" || b.Source.Addr != "ACME" || b.Source.TON != 5 {
					t.Errorf("query_sm %+v", b)
				}
				return smpp.ESME_ROK, &smpp.QuerySMResp{MessageID: "1f", State: smpp.MessageUndeliverable, ErrorCode: 27, FinalDate: string(smpp.AppendTime(nil, final))}
			case *smpp.CancelSM:
				if b.MessageID != "1f" || b.Dest.Addr != "46701234567" || b.ServiceType != "CMT" {
					t.Errorf("cancel_sm %+v", b)
				}
				return smpp.ESME_RCANCELFAIL, nil
			}
			return smpp.ESME_RINVCMDID, nil
		}
		r, err := l.Query(t.Context(), at)
		if err != nil || r.OperatorID != "31" || r.State != message.Undeliverable || r.Code != 27 || r.Done != final.UnixMilli() || r.From != at.To {
			t.Errorf("%+v %v", r, err)
		}
		if _, err := l.Cancel(t.Context(), at); !errors.Is(err, smpp.ESME_RCANCELFAIL) {
			t.Errorf("cancel: %v", err)
		}
	})
	smppLink(t, func(*SMPPConfig) {}, func(o *smsc) { o.status = smpp.ESME_RINVPASWD }, func(t *testing.T, b *contractBench) {
		if _, err := b.link.(*SMPP).Query(t.Context(), at); !errors.Is(err, ErrNoSession) {
			t.Errorf("without a session: %v", err)
		}
	})
}
