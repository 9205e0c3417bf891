// Package calls is the composition of Visa's calls to issuers: one client, the
// builder of payloads, the queue of notifications and the wallet, wired to one
// vault.
//
//	New -> vault.Open(OnEnqueue: Enqueued) -> Attach -> Start -> … -> Close
//
//	wallet --decision calls--------------\
//	vault  --committed notification--> queue --> client --mutual TLS--> issuer
//	console --one call of any operation--/
//
// vtsim serve, vtsim provision and vtsim call all go through it, so that an
// issuer is called in one way whoever asks.
package calls
