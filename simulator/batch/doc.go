// Package batch carries out Update Card Metadata batch files and writes their
// response files (chapter 8, p.240-246).
//
//	UCM_REQ_….json -- name --> issuer
//	     |  first reading: the form of the whole file, its digest, its layout
//	     v
//	  rows, a chunk at a time -- contract --> one vault transaction:
//	     |                                    {Applier, results, progress}
//	     v
//	UCM_RES_….json, from the results in the vault, written beside and renamed
//
// A file with a fault in its form changes nothing. Rows are refused one by
// one. At no time more than a chunk of rows is in memory. What is done is
// recorded in the transaction that does it, under the file's name and digest:
// an interrupted run goes on where it stopped, and a file that was processed
// is not processed again, its response file can only be written again.
//
// The package does not know what a row does; that is its Applier's business.
package batch
