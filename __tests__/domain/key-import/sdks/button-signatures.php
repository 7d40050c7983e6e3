<?php
// Reads private keys, one a line in base64, and prints for each a signature as the PHP SDK makes it, or an empty line.
// The SDK itself is not in Debian; this is how its Client reads a key and signs, on the phpseclib that it uses.
use phpseclib3\Crypt\RSA;

require_once 'phpseclib3/autoload.php';
error_reporting(0);
while (($line = fgets(STDIN)) !== false) {
    $key = base64_decode($line);
    $signature = '';
    try {
        // Anything else is taken for the path of a file.
        if (str_contains($key, 'BEGIN RSA PRIVATE KEY') || str_contains($key, 'BEGIN PRIVATE KEY')) {
            $private = RSA::loadPrivateKey($key)
                ->withPadding(RSA::SIGNATURE_PSS)->withHash('sha256')->withMGFHash('sha256')->withSaltLength(20);
            $signature = base64_encode($private->sign("AMZN-PAY-RSASSA-PSS\n" . hash('sha256', '{}')));
        }
    } catch (Throwable $refused) {
    }
    echo $signature, "\n";
}
