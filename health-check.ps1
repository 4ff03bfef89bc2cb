<#
.SYNOPSIS
Asks GET /api/health and says whether Lastseen is healthy.

.DESCRIPTION
Exit code 0: healthy. 1: unhealthy (degraded, failing, or too many ghosts). 2: could not check, or wrong arguments.
Runs on Windows PowerShell 5.1 and on PowerShell 7, on every system.

.PARAMETER Url
The address of the service. Default: the environment variable LASTSEEN_URL, or http://127.0.0.1:3001.

.PARAMETER MaxGhosts
With more ghosts the service is unhealthy. A few are normal between two sweeps.

.PARAMETER TimeoutSec
How long to wait for the answer, in seconds.

.PARAMETER Json
Prints one JSON object instead of text, for scripts.

.EXAMPLE
.\health-check.ps1

.EXAMPLE
.\health-check.ps1 -Url https://calls.example.com -MaxGhosts 0 -Json
#>
#Requires -Version 5.1
# All parameters are plain texts, and the script checks them. If PowerShell refused a value, it would exit with 1, which means
# unhealthy.
param(
    [string] $Url = $env:LASTSEEN_URL,
    [string] $MaxGhosts = '10',
    [string] $TimeoutSec = '5',
    [switch] $Json
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
# The progress bar of Windows PowerShell makes web requests slow.
$ProgressPreference = 'SilentlyContinue'
# On older systems Windows PowerShell offers only versions of TLS that servers refuse.
if ($PSVersionTable.PSVersion.Major -lt 6) {
    [Net.ServicePointManager]::SecurityProtocol =
        [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
}

function Exit-WrongArgument {
    param([string] $Message)
    [Console]::Error.WriteLine("health-check: $Message (see Get-Help .\health-check.ps1)")
    exit 2
}

if ($args.Count -gt 0) { Exit-WrongArgument "unknown argument: $($args[0])" }
$ghostLimit = 0
if (-not [int]::TryParse($MaxGhosts, [ref] $ghostLimit) -or $ghostLimit -lt 0) {
    Exit-WrongArgument '-MaxGhosts needs a whole number'
}
$timeout = 0
if (-not [int]::TryParse($TimeoutSec, [ref] $timeout) -or $timeout -lt 1) {
    Exit-WrongArgument '-TimeoutSec needs a number of seconds'
}
if (-not $Url) { $Url = 'http://127.0.0.1:3001' }
$Url = $Url.TrimEnd('/')

# Returns a field of an object, or $null when the object does not have it.
function Get-Field {
    param($InputObject, [string] $Name)
    $property = $InputObject.PSObject.Properties[$Name]
    if ($null -eq $property) { return $null }
    return $property.Value
}

# Asks the service. Returns the exit code (Code), the problems and the health report.
function Get-Result {
    $response = $null
    try {
        $response = Invoke-WebRequest -Uri "$Url/api/health" -UseBasicParsing -TimeoutSec $timeout
    }
    catch {
        # Windows PowerShell and PowerShell 7 throw different exceptions on 4xx and 5xx. Both have the field Response.
        $failed = Get-Field $_.Exception 'Response'
        if ($null -eq $failed) {
            return @{ Code = 2; Problems = @("no answer: $($_.Exception.Message)"); Health = $null }
        }
        $status = [int] $failed.StatusCode
        if ($status -ge 500) {
            return @{ Code = 1; Problems = @("the service answers HTTP $status"); Health = $null }
        }
        return @{ Code = 2; Problems = @("HTTP $status from /api/health: is this Lastseen?"); Health = $null }
    }

    $health = $null
    try { $health = $response.Content | ConvertFrom-Json } catch { $health = $null }
    $ghosts = 0
    $readable = $null -ne $health -and (Get-Field $health 'status') -is [string] -and
        [int]::TryParse([string] (Get-Field $health 'ghosts'), [ref] $ghosts)
    if (-not $readable) {
        return @{ Code = 2; Problems = @('the answer of /api/health is not a health report: is this Lastseen?'); Health = $null }
    }

    $problems = @()
    if ($health.status -cne 'OK') { $problems += "status is $($health.status)" }
    if ($ghosts -gt $ghostLimit) { $problems += "$ghosts ghosts, more than $ghostLimit" }
    $code = 0
    if ($problems.Count -gt 0) { $code = 1 }
    return @{ Code = $code; Problems = $problems; Health = $health }
}

$result = Get-Result
if ($Json) {
    $healthy = $null
    if ($result.Code -lt 2) { $healthy = $result.Code -eq 0 }
    [ordered]@{ url = $Url; healthy = $healthy; problems = @($result.Problems); health = $result.Health } |
        ConvertTo-Json -Depth 10 -Compress
}
else {
    $verdict = @('healthy', 'unhealthy', 'could not check')[$result.Code]
    "${verdict}: $Url"
    foreach ($problem in $result.Problems) { "  $problem" }
    if ($null -ne $result.Health) {
        $of = { param($name) $value = Get-Field $result.Health $name; if ($null -eq $value) { '?' } else { $value } }
        $draining = ''
        if ((Get-Field $result.Health 'draining') -eq $true) { $draining = ', draining' }
        "  version $(& $of 'version'), node $(& $of 'nodeId'), up $(& $of 'uptimeSeconds') s$draining"
        "  $(& $of 'connectedUsers') users, $(& $of 'sessions') sessions, $(& $of 'rooms') rooms, " +
            "$(& $of 'activeCalls') calls, $(& $of 'ghosts') ghosts"
    }
}
exit $result.Code
