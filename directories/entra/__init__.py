"""Microsoft Entra ID, through Microsoft Graph (docs/entra.md)."""
