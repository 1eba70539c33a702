package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

// newLinkUSSDCmd makes `kurir link ussd`.
func newLinkUSSDCmd(r *remote) *cobra.Command {
	number := ""
	cmd := &cobra.Command{
		Use:   "ussd NAME CODE",
		Short: "Send a USSD request by a modem of a link, such as *100# for the balance of its SIM",
		Long: `Send a USSD request by a modem of a link, and print what the network answers. Where it asks something, the reply is the
next request.`,
		Example: "  kurir link ussd gsm '*100#'\n  kurir link ussd gsm 2 --number +46701234567",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.askUSSD(cmd.Context(), cmd.OutOrStdout(), args[0], args[1], number)
		},
	}
	cmd.Flags().StringVar(&number, "number", "", "`number` of the SIM whose modem sends it; none is the first that is ready")
	return cmd
}

func (r *remote) askUSSD(ctx context.Context, out io.Writer, link, code, number string) error {
	var answer json.RawMessage
	body := map[string]string{"code": code, "number": number}
	if err := r.do(ctx, http.MethodPost, "/v1/links/"+url.PathEscape(link)+"/ussd", body, &answer); err != nil {
		return err
	}
	var reply struct {
		Text string `json:"text"`
		More bool   `json:"more"`
	}
	if err := json.Unmarshal(answer, &reply); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if r.printed(out, answer) {
		return nil
	}
	fmt.Fprintln(out, reply.Text)
	if reply.More {
		fmt.Fprintln(out, "The network waits for a reply: send it as the next request.")
	}
	return nil
}
