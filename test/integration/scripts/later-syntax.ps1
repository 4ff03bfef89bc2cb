# Tells what in PowerShell sources Windows PowerShell 5.1 would not read. Runs on 5.1 and on 7.
# Takes a JSON file with a list of sources and prints a JSON list with a list of problems for each.
param([Parameter(Mandatory)] [string] $SourcesFile)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Syntax that PowerShell 7 added. By name, because 5.1 does not have these classes.
$laterNodes = @('TernaryExpressionAst', 'PipelineChainAst')
$laterOperators = @('QuestionQuestion', 'QuestionQuestionEquals')

function Test-Property {
    param($Node, [string] $Name)
    $property = $Node.PSObject.Properties[$Name]
    return $null -ne $property -and [bool] $property.Value
}

function Test-LaterNode {
    param($Node)
    $type = $Node.GetType().Name
    if ($laterNodes -contains $type) { return $true }
    if ($type -eq 'BinaryExpressionAst' -or $type -eq 'AssignmentStatementAst') {
        return $laterOperators -contains [string] $Node.Operator
    }
    # ForEach-Object -Parallel
    if ($type -eq 'CommandParameterAst') { return $Node.ParameterName -eq 'Parallel' }
    # $a?.b and $a?[0], a pipeline that ends with &, and a clean block.
    return (Test-Property $Node 'NullConditional') -or (Test-Property $Node 'Background') -or (Test-Property $Node 'CleanBlock')
}

# `u{1F600} and `e in a string, 0b1 and 1n as numbers.
function Test-LaterToken {
    param($Token)
    $kind = [string] $Token.Kind
    if ($kind -eq 'StringExpandable' -or $kind -eq 'HereStringExpandable') { return $Token.Text -cmatch '`(u\{|e)' }
    if ($kind -eq 'Number') { return $Token.Text -match '^0b|(u|y|s|n)(kb|mb|gb|tb|pb)?$' }
    return $false
}

function Get-Problem {
    param([string] $Source)
    $tokens = $null
    $errors = $null
    $ast = [System.Management.Automation.Language.Parser]::ParseInput($Source, [ref] $tokens, [ref] $errors)
    foreach ($problem in $errors) { "line $($problem.Extent.StartLineNumber): $($problem.Message)" }
    $nodes = $ast.FindAll({ param($node) Test-LaterNode $node }, $true)
    $later = @($nodes) + @($tokens | Where-Object { Test-LaterToken $_ })
    foreach ($part in $later) { "line $($part.Extent.StartLineNumber): not in 5.1: $($part.Extent.Text)" }
}

$sources = Get-Content -Raw -Encoding UTF8 $SourcesFile | ConvertFrom-Json
$answers = @(foreach ($source in $sources) { @{ problems = @(Get-Problem $source) } })
ConvertTo-Json -InputObject $answers -Depth 4 -Compress
